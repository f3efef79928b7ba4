"""A proxy loads its object at the first missing attribute, once, under a lock."""

import threading


class Row:
    name = "ann"
    age = 40


class Proxy:
    def __init__(self, load):
        self.load = load
        self.lock = threading.Lock()

    def __getattr__(self, name):
        with self.lock:
            if "_row" not in self.__dict__:
                self._row = self.load()
        return getattr(self._row, name)


def test_loaded_once(thread_runner):
    loads = []

    def load():
        loads.append("row")
        return Row()

    proxy = Proxy(load)
    assert thread_runner.run(lambda: proxy.name, lambda: proxy.age) == ["ann", 40]
    assert len(loads) == 1
