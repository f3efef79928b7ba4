"""Number and append under one lock keep the journal in order."""

import itertools
import threading


class Journal:
    def __init__(self):
        self.numbers = itertools.count(1)
        self.entries = []
        self.lock = threading.Lock()

    def write(self, text):
        with self.lock:
            number = next(self.numbers)
            self.entries.append((number, text))


def test_in_order(thread_runner):
    journal = Journal()
    thread_runner.map(journal.write, ["open", "close"])
    assert [n for n, _ in journal.entries] == [1, 2]
