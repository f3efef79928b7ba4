"""Temporarily replacing a shared setting: save, set, restore, by two workers."""

from contextlib import contextmanager

EXPECT = {"codes": ["CH110", "CH102", "CH101"], "max_schedule": None}


class Options:
    precision = 2


@contextmanager
def precision(options, digits):
    saved = options.precision  # BUG
    options.precision = digits  # BUG
    yield
    options.precision = saved  # BUG


def test_restored(thread_runner):
    options = Options()

    def show(digits):
        with precision(options, digits):
            round(2.71828, 3)

    thread_runner.map(show, [4, 5])
    assert options.precision == 2
