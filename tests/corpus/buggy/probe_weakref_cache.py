"""`key in weak_cache`, then weak_cache[key]: the last reference goes in between."""

import weakref

EXPECT = {"codes": ["CH110", "CH102", "CH108"], "max_schedule": None}


class Image:
    def __init__(self, name):
        self.name = name


def name_of(cache, key):
    if key in cache:  # BUG
        return cache[key].name  # BUG
    return "missing"


def test_cache(thread_runner):
    cache = weakref.WeakValueDictionary()
    owners = [Image("logo")]
    cache["logo"] = owners[0]
    seen, _ = thread_runner.run(lambda: name_of(cache, "logo"), owners.clear)  # BUG
    assert seen in ("logo", "missing")
