"""Two attributes get one value by a chained assignment; a reader sees the first only."""

EXPECT = {"codes": ["CH110", "CH102"], "max_schedule": None}


class Window:
    def __init__(self):
        self.low = self.high = 0

    def centre_on(self, value):
        self.low = self.high = value  # BUG

    def width(self):
        return self.high - self.low  # BUG


def test_width(thread_runner):
    window = Window()
    _, width = thread_runner.run(lambda: window.centre_on(5), window.width)
    assert width == 0
