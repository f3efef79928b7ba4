"""A method that holds a plain Lock calls another that takes it too."""

import threading

EXPECT = {"codes": ["CH104"], "max_schedule": None}


class Catalogue:
    def __init__(self):
        self._lock = threading.Lock()
        self._titles = []

    def add(self, title):
        with self._lock:
            if self.size() < 10:
                self._titles.append(title)

    def size(self):
        with self._lock:  # BUG
            return len(self._titles)


def test_add(thread_runner):
    catalogue = Catalogue()
    thread_runner.run(lambda: catalogue.add("Emma"), lambda: catalogue.add("Ulysses"))
