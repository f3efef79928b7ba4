"""A subclass of threading.local is initialised once a thread."""

import threading


class Scratch(threading.local):
    def __init__(self):
        self.parts = []

    def add(self, part):
        self.parts = self.parts + [part]


def test_scratch(thread_runner):
    scratch = Scratch()

    def build(prefix):
        for n in range(3):
            scratch.add(f"{prefix}{n}")
        return "".join(scratch.parts)

    assert thread_runner.map(build, ["a", "b"]) == ["a0a1a2", "b0b1b2"]
    assert scratch.parts == []
