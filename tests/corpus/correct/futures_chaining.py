"""A done-callback submits the next step to another pool."""

from concurrent.futures import Future, ThreadPoolExecutor

import pytest


def then(pool, future, step):
    result = Future()

    def run_next(done):
        pool.submit(lambda: result.set_result(step(done.result())))

    future.add_done_callback(run_next)
    return result


@pytest.mark.stress_threads(workers=0)
def test_chain():
    with ThreadPoolExecutor(max_workers=2) as pool:
        first = pool.submit(len, "abc")
        second = then(pool, first, lambda n: n * 10)
        assert second.result() == 30
