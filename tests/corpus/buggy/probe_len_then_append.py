"""The capacity is checked with len() before the append."""

EXPECT = {"codes": ["CH110", "CH102"], "max_schedule": None}


class Elevator:
    capacity = 2

    def __init__(self):
        self.riders = ["zoe"]

    def board(self, who):
        if len(self.riders) < self.capacity:  # BUG
            self.riders.append(who)  # BUG
            return True
        return False


def test_capacity(thread_runner):
    elevator = Elevator()
    boarded = thread_runner.map(elevator.board, ["ann", "bob"])
    assert len(elevator.riders) <= Elevator.capacity
    assert boarded.count(True) == 1
