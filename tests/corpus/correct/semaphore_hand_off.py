"""Two semaphores order producer and consumer over one slot."""

import threading


def test_slot(thread_runner):
    free, filled = threading.Semaphore(1), threading.Semaphore(0)
    slot = []

    def produce():
        for n in (1, 2, 3):
            free.acquire()
            slot.append(n)
            filled.release()

    def consume():
        got = []
        for _ in range(3):
            filled.acquire()
            got.append(slot[0])
            slot.clear()
            free.release()
        return got

    _, got = thread_runner.run(produce, consume)
    assert got == [1, 2, 3]
