"""Condition.wait with a time-out, handled both ways."""

import threading


class Offer:
    def __init__(self):
        self.cond = threading.Condition()
        self.taken = False

    def wait(self):
        with self.cond:
            return self.cond.wait_for(lambda: self.taken, timeout=3)

    def take(self):
        with self.cond:
            self.taken = True
            self.cond.notify_all()


def test_offer(thread_runner):
    offer = Offer()
    seen, _ = thread_runner.run(offer.wait, offer.take)
    assert seen in (True, False)
    assert offer.taken
