"""put_nowait on a full queue is refused, not lost."""

import queue


def test_full(thread_runner):
    box = queue.Queue(maxsize=1)

    def drop(letter):
        try:
            box.put_nowait(letter)
        except queue.Full:
            return False
        return True

    assert thread_runner.map(drop, ["a", "b"]).count(True) == 1
    assert box.qsize() == 1
