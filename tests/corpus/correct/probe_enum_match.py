"""A match statement on a state that is an enumeration, under a lock."""

import enum
import threading


class State(enum.Enum):
    IDLE = enum.auto()
    BUSY = enum.auto()


class Printer:
    def __init__(self):
        self.state = State.IDLE
        self.lock = threading.Lock()

    def start(self, job):
        with self.lock:
            match self.state:
                case State.IDLE:
                    self.state = State.BUSY
                    return f"printing {job}"
                case _:
                    return "busy"


def test_one_prints(thread_runner):
    printer = Printer()
    assert thread_runner.map(printer.start, ["a", "b"]).count("busy") == 1
