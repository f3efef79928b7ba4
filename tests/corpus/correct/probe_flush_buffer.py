"""flush(): take lines out one by one; deque.popleft is atomic."""

from collections import deque


class Buffer:
    def __init__(self):
        self.lines = deque()
        self.written = []

    def log(self, line):
        self.lines.append(line)

    def flush(self):
        while True:
            try:
                self.written.append(self.lines.popleft())
            except IndexError:
                break


def test_nothing_lost(thread_runner):
    buffer = Buffer()
    buffer.log("one")
    thread_runner.run(buffer.flush, lambda: buffer.log("two"))
    buffer.flush()
    assert [w for w in ";".join(buffer.written).split(";") if w] == ["one", "two"]
