"""pykka 4.2.0, issue 232: one item in the future's queue wakes one of two getters; the other sleeps for ever."""

import pytest
from pykka import ThreadingFuture


@pytest.mark.stress_threads(include=("pykka",))
def test_all_getters_get(thread_runner):
    future = ThreadingFuture()
    _, first, second = thread_runner.run(lambda: future.set("done"), future.get, future.get)
    assert (first, second) == ("done", "done")
