"""flush(): join what is buffered, then clear: lines added in between vanish."""

EXPECT = {"codes": ["CH110", "CH102"], "max_schedule": None}


class Buffer:
    def __init__(self):
        self.lines = []
        self.written = []

    def log(self, line):
        self.lines.append(line)

    def flush(self):
        text = ";".join(self.lines)  # BUG
        self.lines.clear()  # BUG
        self.written.append(text)


def test_nothing_lost(thread_runner):
    buffer = Buffer()
    buffer.log("one")
    thread_runner.run(buffer.flush, lambda: buffer.log("two"))
    buffer.flush()
    assert [w for w in ";".join(buffer.written).split(";") if w] == ["one", "two"]
