"""A task waits for another task of the same, full pool."""

from concurrent.futures import ThreadPoolExecutor

import pytest

EXPECT = {"codes": ["CH104", "CH106"], "max_schedule": None}


@pytest.mark.stress_threads(workers=0)
def test_render():
    def thumbnail(name):
        return name + ".png"

    with ThreadPoolExecutor(max_workers=1) as pool:

        def page(name):
            inner = pool.submit(thumbnail, name)
            return inner.result()  # BUG

        outer = pool.submit(page, "cover")
        assert outer.result() == "cover.png"  # BUG
