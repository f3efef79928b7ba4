"""contextlib.ExitStack takes all locks in one order."""

import threading
from contextlib import ExitStack


def test_all_locks(thread_runner):
    locks = [threading.Lock() for _ in range(3)]
    cells = [1, 2, 3]

    def rotate():
        with ExitStack() as stack:
            for lock in locks:
                stack.enter_context(lock)
            cells[0], cells[1], cells[2] = cells[1], cells[2], cells[0]

    def double(i):
        with locks[i]:
            cells[i] *= 2

    thread_runner.run(rotate, lambda: double(1))
    assert cells in ([2, 6, 1], [4, 3, 1])
