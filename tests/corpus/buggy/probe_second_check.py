"""Double-checked locking without the second check."""

import threading

EXPECT = {"codes": ["CH110", "CH102"], "max_schedule": None}


class Config:
    def __init__(self):
        self.lock = threading.Lock()
        self.values = None
        self.loads = 0

    def load(self):
        if self.values is None:  # BUG
            with self.lock:
                self.loads += 1  # BUG
                self.values = {"debug": False}  # BUG
        return self.values


def test_loaded_once(thread_runner):
    config = Config()
    thread_runner.run(config.load, config.load)
    assert config.loads == 1
