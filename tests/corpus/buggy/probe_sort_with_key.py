"""A list that is being sorted looks empty to everybody else while the key function runs."""

import pytest

EXPECT = {"codes": ["CH110", "CH108", "CH102"], "max_schedule": None}


class Player:
    def __init__(self, name, score):
        self.name, self.score = name, score


class Board:
    def __init__(self):
        self.players = [Player("ann", 10), Player("bob", 30)]

    def update(self):
        self.players.sort(key=lambda player: -player.score)  # BUG

    def add_bonus(self):
        for player in self.players:  # BUG
            player.score += 5  # BUG


@pytest.fixture
def board():
    return Board()


def test_bonus(thread_runner, board):
    thread_runner.run(board.update, board.add_bonus)
    assert sorted(player.score for player in board.players) == [15, 35]
