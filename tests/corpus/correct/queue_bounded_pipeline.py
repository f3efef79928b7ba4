"""Three stages connected by queues of one place."""

import queue


def test_stages(thread_runner):
    raw, clean = queue.Queue(maxsize=1), queue.Queue(maxsize=1)

    def read():
        for line in (" a", "b "):
            raw.put(line)
        raw.put(None)

    def strip():
        while (line := raw.get()) is not None:
            clean.put(line.strip())
        clean.put(None)

    def collect():
        return list(iter(clean.get, None))

    assert thread_runner.run(read, strip, collect)[2] == ["a", "b"]
