"""Double-checked initialisation that publishes the object before it is filled."""

import threading

EXPECT = {"codes": ["CH110", "CH102"], "max_schedule": None}


class Dictionary:
    def __init__(self):
        self.lock = threading.Lock()
        self.words = None

    def lookup(self, word):
        if self.words is None:  # BUG
            with self.lock:
                if self.words is None:
                    self.words = {}  # BUG
                    self.words["hund"] = "dog"  # BUG
        return self.words[word]  # BUG


def test_lookup(thread_runner):
    dictionary = Dictionary()
    got = thread_runner.run(lambda: dictionary.lookup("hund"), lambda: dictionary.lookup("hund"))
    assert got == ["dog", "dog"]
