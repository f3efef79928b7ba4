"""Two parents fill a pool of two; both wait for children that cannot start."""

from concurrent.futures import ThreadPoolExecutor

import pytest

EXPECT = {"codes": ["CH104", "CH106"], "max_schedule": None}


def child(n):
    return n * n


def parent(pool, n):
    return pool.submit(child, n).result()  # BUG


@pytest.mark.stress_threads(workers=0)
def test_squares():
    with ThreadPoolExecutor(max_workers=2) as pool:
        futures = [pool.submit(parent, pool, n) for n in (2, 3)]
        assert [f.result() for f in futures] == [4, 9]  # BUG
