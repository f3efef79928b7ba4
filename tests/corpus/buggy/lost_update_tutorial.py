"""The tutorial's first threaded program: an unlocked global counter, no assert at all."""

import pytest

EXPECT = {"codes": ["CH101"], "max_schedule": 10}
global_num = 0


@pytest.mark.stress_threads
def test_count():
    global global_num
    for i in range(1000000):
        global_num += 1  # BUG
