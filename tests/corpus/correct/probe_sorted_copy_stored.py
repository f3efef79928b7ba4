"""The list is sorted and appended to under one lock."""

import threading


class Board:
    def __init__(self):
        self.names = ["cid", "ann"]
        self.lock = threading.Lock()

    def tidy(self):
        with self.lock:
            self.names = sorted(self.names)

    def add(self, name):
        with self.lock:
            self.names.append(name)


def test_board(thread_runner):
    board = Board()
    thread_runner.run(board.tidy, lambda: board.add("bob"))
    assert sorted(board.names) == ["ann", "bob", "cid"]
