"""An LRU cache on OrderedDict with one lock for everything."""

import threading
from collections import OrderedDict


class LRU:
    def __init__(self, size):
        self.size = size
        self.data = OrderedDict()
        self.lock = threading.Lock()

    def get(self, key):
        with self.lock:
            if key in self.data:
                self.data.move_to_end(key)
                return self.data[key]
            return None

    def put(self, key, value):
        with self.lock:
            self.data[key] = value
            if len(self.data) > self.size:
                self.data.popitem(last=False)


def test_eviction(thread_runner):
    cache = LRU(2)
    cache.put("a", 1)
    cache.put("b", 2)
    got, _ = thread_runner.run(lambda: cache.get("a"), lambda: cache.put("c", 3))
    assert got in (1, None)
    assert len(cache.data) == 2
