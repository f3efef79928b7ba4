"""Each worker counts in its own slot of a shared list; the sum is made afterwards."""


def test_slots(thread_runner):
    counts = [0, 0, 0]

    def count(slot):
        for _ in range(4):
            counts[slot] += 1

    thread_runner.map(count, range(3))
    assert sum(counts) == 12
