"""Write your own cell, meet at the barrier, read everybody's."""

import threading


def test_phases(thread_runner):
    barrier = threading.Barrier(3)
    cells = [0, 0, 0]

    def work(i):
        cells[i] = i + 1
        barrier.wait()
        total = sum(cells)
        barrier.wait()
        cells[i] = total
        return total

    assert thread_runner.map(work, range(3)) == [6, 6, 6]
    assert cells == [6, 6, 6]
