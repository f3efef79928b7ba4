"""Both parts of a pair are computed from the old pair, attribute by attribute."""

EXPECT = {"codes": ["CH101", "CH110", "CH102"], "max_schedule": None}


class Fibonacci:
    def __init__(self):
        self.a, self.b = 0, 1

    def advance(self):
        self.a, self.b = self.b, self.a + self.b  # BUG


def test_advance(thread_runner):
    numbers = Fibonacci()
    thread_runner.run(numbers.advance, workers=2)
    assert (numbers.a, numbers.b) == (1, 2)
