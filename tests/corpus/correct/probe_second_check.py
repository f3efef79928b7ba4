"""Double-checked locking with the second check."""

import threading


class Config:
    def __init__(self):
        self.lock = threading.Lock()
        self.values = None
        self.loads = 0

    def load(self):
        if self.values is None:
            with self.lock:
                if self.values is None:
                    self.loads += 1
                    self.values = {"debug": False}
        return self.values


def test_loaded_once(thread_runner):
    config = Config()
    thread_runner.run(config.load, config.load)
    assert config.loads == 1
