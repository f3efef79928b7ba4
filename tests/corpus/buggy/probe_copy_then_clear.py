"""A batch is copied and the list cleared: what came in between is lost."""

EXPECT = {"codes": ["CH110", "CH102"], "max_schedule": None}


class Batcher:
    def __init__(self):
        self.pending = ["a"]

    def add(self, item):
        self.pending.append(item)  # BUG

    def take(self):
        batch = list(self.pending)  # BUG
        self.pending.clear()  # BUG
        return batch


def test_batches(thread_runner):
    batcher = Batcher()
    batch, _ = thread_runner.run(batcher.take, lambda: batcher.add("b"))
    assert sorted(batch + batcher.pending) == ["a", "b"]
