"""A lazily made connection under a lock."""

import threading


class Service:
    def __init__(self):
        self._conn = None
        self.made = []
        self._lock = threading.Lock()

    @property
    def conn(self):
        with self._lock:
            if self._conn is None:
                self._conn = object()
                self.made.append(self._conn)
            return self._conn


def test_one_connection(thread_runner):
    service = Service()
    thread_runner.run(lambda: service.conn, lambda: service.conn)
    assert len(service.made) == 1
