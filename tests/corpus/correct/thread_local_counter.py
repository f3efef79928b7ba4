"""`local.n += 1` is nobody else's business."""

import threading

import pytest

local = threading.local()


@pytest.mark.stress_threads(workers=3)
def test_local():
    local.n = 0
    for _ in range(4):
        local.n += 1
    assert local.n == 4
