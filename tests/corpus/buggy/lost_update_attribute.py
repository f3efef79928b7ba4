"""A page-view counter object shared by request threads."""

import pytest

EXPECT = {"codes": ["CH101"], "max_schedule": 10}


class PageViews:
    def __init__(self):
        self.n = 0

    def hit(self):
        self.n += 1  # BUG


views = PageViews()


@pytest.mark.stress_threads(workers=3)
def test_hits():
    for _ in range(5):
        views.hit()
