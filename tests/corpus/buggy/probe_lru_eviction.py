"""An LRU cache on OrderedDict: get and move_to_end, while another worker evicts the key."""

from collections import OrderedDict

EXPECT = {"codes": ["CH110", "CH102"], "max_schedule": None}


class LRU:
    def __init__(self, size):
        self.size = size
        self.data = OrderedDict()

    def get(self, key):
        if key in self.data:  # BUG
            self.data.move_to_end(key)  # BUG
            return self.data[key]
        return None

    def put(self, key, value):
        self.data[key] = value
        if len(self.data) > self.size:
            self.data.popitem(last=False)  # BUG


def test_eviction(thread_runner):
    cache = LRU(2)
    cache.put("a", 1)
    cache.put("b", 2)
    got, _ = thread_runner.run(lambda: cache.get("a"), lambda: cache.put("c", 3))
    assert got in (1, None)
    assert len(cache.data) == 2
