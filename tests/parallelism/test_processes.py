import functools
import operator
import time

from pytest_concurrency.parallelism.processes import in_processes


def soon():
    return time.monotonic() + 60


def test_a_body_that_can_be_pickled_runs_in_fresh_processes():
    figure = in_processes(functools.partial(sum, range(200_000)), 2, 3, soon())
    assert figure is not None
    assert figure.workers == 2
    assert figure.speedup > 0
    assert 0 < figure.idle <= 2


def test_what_cannot_be_pickled_or_fails_gives_no_figure():
    assert in_processes(lambda: None, 2, 1, soon()) is None
    assert in_processes(functools.partial(operator.truediv, 1, 0), 2, 1, soon()) is None


def test_what_does_not_end_is_given_up():
    began = time.monotonic()
    assert in_processes(functools.partial(time.sleep, 60), 2, 1, began + 1) is None
    assert time.monotonic() - began < 30


def test_what_the_body_prints_does_no_harm():
    assert in_processes(functools.partial(print, "go away"), 2, 2, soon()) is not None
