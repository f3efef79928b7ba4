"""The predicate is tested before the lock is taken: the notification falls into the gap."""

import threading

EXPECT = {"codes": ["CH106", "CH104"], "max_schedule": None}


class Kitchen:
    def __init__(self):
        self.cond = threading.Condition()
        self.ready = False

    def cook(self):
        with self.cond:
            self.ready = True
            self.cond.notify()

    def serve(self):
        if not self.ready:  # BUG
            with self.cond:
                self.cond.wait()  # BUG
        return "soup"


def test_kitchen(thread_runner):
    kitchen = Kitchen()
    assert thread_runner.run(kitchen.serve, kitchen.cook)[0] == "soup"
