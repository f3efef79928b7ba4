"""A defaultdict whose factory is Python code, looked up under a lock."""

import threading
from collections import defaultdict


class Connection:
    opened = []

    def __init__(self):
        self.opened.append(self)
        self.queries = 0


def test_one_connection(thread_runner):
    Connection.opened.clear()
    connections = defaultdict(Connection)
    lock = threading.Lock()

    def connect():
        with lock:
            return connections["orders"]

    first, second = thread_runner.run(connect, connect)
    assert first is second
