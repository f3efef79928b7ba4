"""A context manager counts the requests it has served, without a lock."""

from contextlib import contextmanager

EXPECT = {"codes": ["CH110", "CH101"], "max_schedule": None}


class Server:
    served = 0

    @contextmanager
    def request(self):
        try:
            yield self
        finally:
            self.served += 1  # BUG


def test_all_counted(thread_runner):
    server = Server()

    def handle():
        with server.request():
            pass

    thread_runner.run(handle, handle)
    assert server.served == 2
