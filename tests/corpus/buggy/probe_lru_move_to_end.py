"""A key is seen in an OrderedDict and moved to its end; another worker evicts it in between."""

from collections import OrderedDict

EXPECT = {"codes": ["CH110", "CH108", "CH102"], "max_schedule": None}


class Cache:
    def __init__(self, size):
        self.size = size
        self.entries = OrderedDict()

    def get(self, key):
        if key in self.entries:  # BUG
            self.entries.move_to_end(key)  # BUG
            return self.entries[key]  # BUG
        return None

    def put(self, key, value):
        self.entries[key] = value
        while len(self.entries) > self.size:
            self.entries.popitem(last=False)  # BUG


def test_cache(thread_runner):
    cache = Cache(2)
    cache.put("a", 1)
    cache.put("b", 2)
    found, _ = thread_runner.run(lambda: cache.get("a"), lambda: cache.put("c", 3))
    assert found in (1, None)
