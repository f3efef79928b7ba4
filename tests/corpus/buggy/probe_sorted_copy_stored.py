"""A list is sorted into a copy and stored back: an append in between is lost."""

EXPECT = {"codes": ["CH110", "CH101"], "max_schedule": None}


class Board:
    def __init__(self):
        self.names = ["cid", "ann"]

    def tidy(self):
        self.names = sorted(self.names)  # BUG

    def add(self, name):
        self.names.append(name)  # BUG


def test_board(thread_runner):
    board = Board()
    thread_runner.run(board.tidy, lambda: board.add("bob"))
    assert sorted(board.names) == ["ann", "bob", "cid"]
