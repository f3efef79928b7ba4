"""cancel() may come in time or too late."""

from concurrent.futures import CancelledError, ThreadPoolExecutor

import pytest


@pytest.mark.stress_threads(workers=0)
def test_cancel():
    ran = []
    with ThreadPoolExecutor(max_workers=1) as pool:
        pool.submit(ran.append, "first")
        second = pool.submit(ran.append, "second")
        cancelled = second.cancel()
    assert ("second" in ran) != cancelled
    if cancelled:
        with pytest.raises(CancelledError):
            second.result()
