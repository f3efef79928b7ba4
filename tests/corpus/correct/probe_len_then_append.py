"""The capacity check and the append are one step under a condition's lock."""

import threading


class Elevator:
    capacity = 2

    def __init__(self):
        self.riders = ["zoe"]
        self.doors = threading.Condition()

    def board(self, who):
        with self.doors:
            if len(self.riders) < self.capacity:
                self.riders.append(who)
                return True
            return False


def test_capacity(thread_runner):
    elevator = Elevator()
    boarded = thread_runner.map(elevator.board, ["ann", "bob"])
    assert len(elevator.riders) <= Elevator.capacity
    assert boarded.count(True) == 1
