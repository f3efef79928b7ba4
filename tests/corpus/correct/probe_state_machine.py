"""A transition is compare-and-set under a lock."""

import threading


class Order:
    def __init__(self):
        self.state = "open"
        self.history = ["open"]
        self.lock = threading.Lock()

    def go(self, new):
        with self.lock:
            if self.state != "open":
                return False
            self.state = new
            self.history.append(new)
            return True


def test_one_transition(thread_runner):
    order = Order()
    done = thread_runner.run(lambda: order.go("paid"), lambda: order.go("cancelled"))
    assert done.count(True) == 1
    assert len(order.history) == 2
