"""The smallest free number of a set is looked for and then discarded."""

EXPECT = {"codes": ["CH110", "CH102"], "max_schedule": None}


class Theatre:
    def __init__(self, seats):
        self.free = set(range(1, seats + 1))

    def book(self):
        seat = min(self.free)  # BUG
        self.free.discard(seat)  # BUG
        return seat


def test_seats(thread_runner):
    theatre = Theatre(4)
    assert sorted(thread_runner.run(theatre.book, workers=2)) == [1, 2]
