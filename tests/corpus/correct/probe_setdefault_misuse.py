"""setdefault(...).append(...): the bucket that is in the dict is the one that is filled."""


def group(index, word):
    index.setdefault(word[0], []).append(word)


def test_index(thread_runner):
    index = {}
    thread_runner.run(lambda: group(index, "apple"), lambda: group(index, "avocado"))
    assert sorted(index["a"]) == ["apple", "avocado"]
