"""The call in flight is forgotten before its result is in the cache: whoever comes in between computes it again."""

import threading
from concurrent.futures import Future

EXPECT = {"codes": ["CH110"], "max_schedule": 10}


class SingleFlight:
    def __init__(self):
        self.calls = {}
        self.lock = threading.Lock()
        self.cache = {}

    def get(self, key, function):
        if key in self.cache:  # BUG
            return self.cache[key]
        with self.lock:
            future = self.calls.get(key)
            owner = future is None
            if owner:
                future = self.calls[key] = Future()  # BUG
        if owner:
            value = function()
            future.set_result(value)
            with self.lock:
                del self.calls[key]  # BUG
            self.cache[key] = value  # BUG
        return future.result()


def test_computed_once(thread_runner):
    flight, computed = SingleFlight(), []
    thread_runner.run(lambda: flight.get("k", lambda: computed.append(1)), workers=2)
    assert len(computed) == 1
