"""A defaultdict's factory is Python code: two workers that miss at once each make a connection."""

from collections import defaultdict

EXPECT = {"codes": ["CH110", "CH102", "CH101"], "max_schedule": None}


class Connection:
    opened = []

    def __init__(self):
        self.opened.append(self)  # BUG
        self.queries = 0  # BUG


def test_one_connection(thread_runner):
    Connection.opened.clear()
    connections = defaultdict(Connection)
    first, second = thread_runner.run(lambda: connections["orders"], lambda: connections["orders"])  # BUG
    assert first is second
