"""A context manager counts its depth under a lock."""

import threading
from contextlib import contextmanager


class Server:
    active = 0
    lock = threading.Lock()

    @contextmanager
    def request(self):
        with self.lock:
            self.active += 1
        yield
        with self.lock:
            self.active -= 1


def test_idle_at_the_end(thread_runner):
    server = Server()

    def handle():
        with server.request():
            pass

    thread_runner.run(handle, handle)
    assert server.active == 0
