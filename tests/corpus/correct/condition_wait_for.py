"""Condition.wait_for with a predicate, two conditions on one lock."""

import threading


class Channel:
    def __init__(self):
        lock = threading.Lock()
        self.not_empty = threading.Condition(lock)
        self.not_full = threading.Condition(lock)
        self.slot = None

    def send(self, value):
        with self.not_full:
            self.not_full.wait_for(lambda: self.slot is None)
            self.slot = value
            self.not_empty.notify()

    def receive(self):
        with self.not_empty:
            self.not_empty.wait_for(lambda: self.slot is not None)
            value, self.slot = self.slot, None
            self.not_full.notify()
            return value


def test_channel(thread_runner):
    channel = Channel()

    def sender():
        for word in ("a", "b"):
            channel.send(word)

    got, _ = thread_runner.run(lambda: [channel.receive(), channel.receive()], sender)
    assert got == ["a", "b"]
