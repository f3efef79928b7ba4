"""A task's exception is looked at through its future."""

from concurrent.futures import ThreadPoolExecutor

import pytest


@pytest.mark.stress_threads(workers=0)
def test_error():
    with ThreadPoolExecutor(max_workers=1) as pool:
        future = pool.submit(int, "two")
    assert isinstance(future.exception(), ValueError)
