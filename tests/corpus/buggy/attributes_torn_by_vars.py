"""Two attributes are set at once through ``vars``; who reads them one after the other sees one old and one new."""

EXPECT = {"codes": ["CH110"], "max_schedule": 20}


class Range:
    def __init__(self):
        self.low = self.high = 0

    def width(self):
        return self.high - self.low  # BUG


def test_width(thread_runner):
    span = Range()
    _, width = thread_runner.run(lambda: vars(span).update(low=5, high=5), span.width)
    assert width == 0
