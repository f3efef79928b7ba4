"""Two consumers have an iterator each, but tee draws both from one generator."""

import itertools

EXPECT = {"codes": ["CH110", "CH108", "CH102"], "max_schedule": None}


def readings(values):
    seen = 0
    for value in values:
        seen += 1  # BUG
        yield seen, value  # BUG


def test_consumers(thread_runner):
    for_log, for_screen = itertools.tee(readings([20, 21, 19]))
    logged, shown = thread_runner.run(lambda: list(for_log), lambda: list(for_screen))  # BUG
    assert logged == shown == [(1, 20), (2, 21), (3, 19)]
