"""future.done() right after submit: usually true, not always."""

from concurrent.futures import ThreadPoolExecutor

import pytest

EXPECT = {"codes": ["CH110"], "max_schedule": None}


@pytest.mark.stress_threads(workers=0)
def test_done():
    with ThreadPoolExecutor(max_workers=1) as pool:
        future = pool.submit(str.upper, "ok")
        other = pool.submit(str.lower, "OK")
        assert other.result() == "ok"
        third = pool.submit(len, "abc")
        assert future.done()
        assert third.done()  # BUG
