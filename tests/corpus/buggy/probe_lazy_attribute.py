"""A lazily made connection: `if self._conn is None` without a lock makes two."""

EXPECT = {"codes": ["CH110", "CH102"], "max_schedule": None}


class Service:
    def __init__(self):
        self._conn = None
        self.made = []

    @property
    def conn(self):
        if self._conn is None:  # BUG
            self._conn = object()  # BUG
            self.made.append(self._conn)  # BUG
        return self._conn


def test_one_connection(thread_runner):
    service = Service()
    thread_runner.run(lambda: service.conn, lambda: service.conn)
    assert len(service.made) == 1
