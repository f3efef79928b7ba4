"""A batch is taken by swapping the list under a lock."""

import threading


class Batcher:
    def __init__(self):
        self.pending = ["a"]
        self.lock = threading.Lock()

    def add(self, item):
        with self.lock:
            self.pending.append(item)

    def take(self):
        with self.lock:
            batch, self.pending = self.pending, []
        return batch


def test_batches(thread_runner):
    batcher = Batcher()
    batch, _ = thread_runner.run(batcher.take, lambda: batcher.add("b"))
    assert sorted(batch + batcher.pending) == ["a", "b"]
