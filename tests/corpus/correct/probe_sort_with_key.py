"""A sorted copy replaces the list in one step."""

import pytest


class Player:
    def __init__(self, name, score):
        self.name, self.score = name, score


class Board:
    def __init__(self):
        self.players = [Player("ann", 10), Player("bob", 30)]

    def update(self):
        self.players = sorted(self.players, key=lambda player: player.name)

    def add_bonus(self):
        for player in self.players:
            player.score += 5


@pytest.fixture
def board():
    return Board()


def test_bonus(thread_runner, board):
    thread_runner.run(board.update, board.add_bonus)
    assert sorted(player.score for player in board.players) == [15, 35]
