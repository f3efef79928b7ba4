"""setdefault(...).append(...): both operations atomic, in the right order."""


def test_group(thread_runner):
    groups = {}

    def add(word):
        groups.setdefault(len(word), []).append(word)

    thread_runner.map(add, ["tea", "egg", "rice"])
    assert sorted(groups[3]) == ["egg", "tea"]
    assert groups[4] == ["rice"]
