"""get(timeout) that may raise Empty."""

import queue


def test_patience(thread_runner):
    box = queue.Queue()

    def wait():
        try:
            return box.get(timeout=2)
        except queue.Empty:
            return None

    got, _ = thread_runner.run(wait, lambda: box.put("letter"))
    assert got in ("letter", None)
    assert (got is None) == (box.qsize() == 1)
