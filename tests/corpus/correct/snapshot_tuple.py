"""State that belongs together is replaced as one immutable object."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Position:
    x: int
    y: int


class Robot:
    def __init__(self):
        self.position = Position(0, 0)

    def move(self, x, y):
        self.position = Position(x, y)

    def read(self):
        position = self.position
        return position.x, position.y


def test_robot(thread_runner):
    robot = Robot()
    _, seen, _ = thread_runner.run(lambda: robot.move(1, 1), robot.read, lambda: robot.move(2, 2))
    assert seen in ((0, 0), (1, 1), (2, 2))
