"""A histogram kept in a list."""

EXPECT = {"codes": ["CH101", "CH110"], "max_schedule": 10}


def record(bins, values):
    for value in values:
        bins[value // 10] += 1  # BUG


def test_histogram(thread_runner):
    bins = [0] * 5
    thread_runner.run(lambda: record(bins, [3, 12, 14]), lambda: record(bins, [11, 42]))
    assert sum(bins) == 5
