"""The setting that is temporarily replaced is a thread-local."""

import threading
from contextlib import contextmanager


class Options(threading.local):
    precision = 2


@contextmanager
def precision(options, digits):
    saved = options.precision
    options.precision = digits
    yield
    options.precision = saved


def test_restored(thread_runner):
    options = Options()

    def show(digits):
        with precision(options, digits):
            round(2.71828, 3)

    thread_runner.map(show, [4, 5])
    assert options.precision == 2
