"""An OrderedDict as a cache, every operation under its lock."""

import threading
from collections import OrderedDict


class Cache:
    def __init__(self, size):
        self.size = size
        self.lock = threading.Lock()
        self.entries = OrderedDict()

    def get(self, key):
        with self.lock:
            if key in self.entries:
                self.entries.move_to_end(key)
                return self.entries[key]
        return None

    def put(self, key, value):
        with self.lock:
            self.entries[key] = value
            while len(self.entries) > self.size:
                self.entries.popitem(last=False)


def test_cache(thread_runner):
    cache = Cache(2)
    cache.put("a", 1)
    cache.put("b", 2)
    found, _ = thread_runner.run(lambda: cache.get("a"), lambda: cache.put("c", 3))
    assert found in (1, None)
