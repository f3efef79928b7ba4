"""submit and result."""

from concurrent.futures import ThreadPoolExecutor

import pytest


@pytest.mark.stress_threads(workers=0)
def test_submit():
    with ThreadPoolExecutor(max_workers=2) as pool:
        futures = [pool.submit(pow, n, 2) for n in (2, 3)]
        assert [f.result() for f in futures] == [4, 9]
