"""A bucket is fetched with get, filled, and stored: someone else's bucket is overwritten."""

EXPECT = {"codes": ["CH110", "CH102", "CH101"], "max_schedule": None}


def group(index, word):
    bucket = index.get(word[0], [])  # BUG
    bucket.append(word)
    index[word[0]] = bucket  # BUG


def test_index(thread_runner):
    index = {}
    thread_runner.run(lambda: group(index, "apple"), lambda: group(index, "avocado"))
    assert sorted(index["a"]) == ["apple", "avocado"]
