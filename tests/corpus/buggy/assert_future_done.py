"""The second task is finished, so the first must be: usually true, not always."""

from concurrent.futures import ThreadPoolExecutor

import pytest

EXPECT = {"codes": ["CH110"], "max_schedule": None}


@pytest.mark.stress_threads(workers=0)
def test_done():
    with ThreadPoolExecutor(max_workers=2) as pool:
        first = pool.submit(str.upper, "ok")  # BUG
        second = pool.submit(str.lower, "OK")
        assert second.result() == "ok"
        assert first.done()  # BUG
