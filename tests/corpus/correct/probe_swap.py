"""a, b = b, a under a lock."""

import threading


class Players:
    def __init__(self):
        self.white = "ann"
        self.black = "bob"
        self.lock = threading.Lock()

    def swap(self):
        with self.lock:
            self.white, self.black = self.black, self.white


def test_swap(thread_runner):
    players = Players()
    thread_runner.run(players.swap, players.swap)
    assert {players.white, players.black} == {"ann", "bob"}
    assert players.white == "ann"
