"""Number and message are taken apart: the journal is out of order."""

import itertools

EXPECT = {"codes": ["CH110", "CH102"], "max_schedule": None}


class Journal:
    def __init__(self):
        self.numbers = itertools.count(1)
        self.entries = []

    def write(self, text):
        number = next(self.numbers)  # BUG
        self.entries.append((number, text))  # BUG


def test_in_order(thread_runner):
    journal = Journal()
    thread_runner.map(journal.write, ["open", "close"])
    assert [n for n, _ in journal.entries] == [1, 2]
