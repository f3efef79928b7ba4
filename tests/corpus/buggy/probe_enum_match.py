"""A match statement on a state that is an enumeration, which the case changes."""

import enum

EXPECT = {"codes": ["CH110", "CH102"], "max_schedule": None}


class State(enum.Enum):
    IDLE = enum.auto()
    BUSY = enum.auto()


class Printer:
    def __init__(self):
        self.state = State.IDLE

    def start(self, job):
        match self.state:  # BUG
            case State.IDLE:
                self.state = State.BUSY  # BUG
                return f"printing {job}"
            case _:
                return "busy"


def test_one_prints(thread_runner):
    printer = Printer()
    assert thread_runner.map(printer.start, ["a", "b"]).count("busy") == 1
