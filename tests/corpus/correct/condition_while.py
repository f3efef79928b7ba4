"""A textbook bounded buffer: one condition, `while` around wait, notify_all."""

import threading


class Buffer:
    def __init__(self, size):
        self.size = size
        self.items = []
        self.changed = threading.Condition()

    def put(self, item):
        with self.changed:
            while len(self.items) >= self.size:
                self.changed.wait()
            self.items.append(item)
            self.changed.notify_all()

    def get(self):
        with self.changed:
            while not self.items:
                self.changed.wait()
            item = self.items.pop(0)
            self.changed.notify_all()
            return item


def test_buffer(thread_runner):
    buffer = Buffer(1)

    def producer():
        for n in range(3):
            buffer.put(n)

    def consumer():
        return [buffer.get() for _ in range(3)]

    _, got = thread_runner.run(producer, consumer)
    assert got == [0, 1, 2]
