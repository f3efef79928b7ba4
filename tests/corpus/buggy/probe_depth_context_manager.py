"""A context manager counts its depth without a lock."""

from contextlib import contextmanager

EXPECT = {"codes": ["CH110", "CH101"], "max_schedule": None}


class Server:
    active = 0

    @contextmanager
    def request(self):
        self.active += 1  # BUG
        yield
        self.active -= 1  # BUG


def test_idle_at_the_end(thread_runner):
    server = Server()

    def handle():
        with server.request():
            pass

    thread_runner.run(handle, handle)
    assert server.active == 0
