"""Double-checked locking, done right."""

import threading


class Model:
    _lock = threading.Lock()

    def __init__(self):
        self._weights = None
        self.loads = []

    @property
    def weights(self):
        if self._weights is None:
            with self._lock:
                if self._weights is None:
                    self.loads.append("load")
                    self._weights = (1, 2, 3)
        return self._weights


def test_model(thread_runner):
    model = Model()
    got = thread_runner.run(*[lambda: model.weights] * 3)
    assert got == [(1, 2, 3)] * 3
    assert model.loads == ["load"]
