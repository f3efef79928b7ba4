"""An executor that outlives the test."""

from concurrent.futures import ThreadPoolExecutor

import pytest

EXECUTOR = ThreadPoolExecutor(2)


@pytest.mark.stress_threads(workers=2)
def test_results():
    assert [future.result(timeout=5) for future in [EXECUTOR.submit(pow, i, 2) for i in range(3)]] == [0, 1, 4]
