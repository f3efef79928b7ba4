"""A context manager counts the requests it has served, under a lock."""

import threading
from contextlib import contextmanager


class Server:
    served = 0
    lock = threading.Lock()

    @contextmanager
    def request(self):
        try:
            yield self
        finally:
            with self.lock:
                self.served += 1


def test_all_counted(thread_runner):
    server = Server()

    def handle():
        with server.request():
            pass

    thread_runner.run(handle, handle)
    assert server.served == 2
