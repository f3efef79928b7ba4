"""vars(obj), read and written under one lock."""

import threading


class Progress:
    percent = 0
    lock = threading.Lock()

    def __init__(self):
        self.percent = 10

    def advance(self, by):
        with self.lock:
            now = vars(self)["percent"]
            self.percent = now + by


def test_progress(thread_runner):
    progress = Progress()
    thread_runner.run(lambda: progress.advance(20), lambda: progress.advance(30))
    assert progress.percent == 60
