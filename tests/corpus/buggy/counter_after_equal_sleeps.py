"""Two workers sleep equally long and count then: they wake at the same moment."""

import time

EXPECT = {"codes": ["CH101"], "max_schedule": 20}


class Counter:
    def __init__(self):
        self.value = 0

    def count(self):
        time.sleep(0.5)
        self.value += 1  # BUG


def test_count(thread_runner):
    counter = Counter()
    thread_runner.run(counter.count, workers=2)
    assert counter.value == 2
