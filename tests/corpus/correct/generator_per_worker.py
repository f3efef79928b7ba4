"""Each worker has its own generator of the same function."""

import pytest


def countdown(n):
    while n:
        yield n
        n -= 1


@pytest.mark.stress_threads(workers=2)
def test_countdown():
    assert list(countdown(3)) == [3, 2, 1]
