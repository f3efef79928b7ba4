"""Layers of a ChainMap are added under a lock."""

import threading
from collections import ChainMap


class Settings:
    def __init__(self):
        self.values = ChainMap({"debug": False})
        self._lock = threading.Lock()

    def override(self, **layer):
        with self._lock:
            self.values = self.values.new_child(layer)


def test_override(thread_runner):
    settings = Settings()
    thread_runner.run(lambda: settings.override(debug=True), lambda: settings.override(depth=3))
    assert dict(settings.values) == {"debug": True, "depth": 3}
