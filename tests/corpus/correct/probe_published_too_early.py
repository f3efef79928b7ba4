"""Double-checked initialisation: filled first, published last."""

import threading


class Dictionary:
    def __init__(self):
        self.lock = threading.Lock()
        self.words = None

    def lookup(self, word):
        if self.words is None:
            with self.lock:
                if self.words is None:
                    words = {}
                    words["hund"] = "dog"
                    self.words = words
        return self.words[word]


def test_lookup(thread_runner):
    dictionary = Dictionary()
    got = thread_runner.run(lambda: dictionary.lookup("hund"), lambda: dictionary.lookup("hund"))
    assert got == ["dog", "dog"]
