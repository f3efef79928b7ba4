"""a, b = b, a is two reads and two writes."""

EXPECT = {"codes": ["CH110", "CH101"], "max_schedule": None}


class Players:
    def __init__(self):
        self.white = "ann"
        self.black = "bob"

    def swap(self):
        self.white, self.black = self.black, self.white  # BUG


def test_swap(thread_runner):
    players = Players()
    thread_runner.run(players.swap, players.swap)
    assert {players.white, players.black} == {"ann", "bob"}
    assert players.white == "ann"
