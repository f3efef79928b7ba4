"""redis 3.3.11, change 1270: the pool is disconnected while its set of connections in use changes."""

import os

import pytest
from redis.connection import ConnectionPool


class Connection:
    """Stands for a connection to a server."""

    def __init__(self):
        self.pid = os.getpid()

    def connect(self):
        pass

    def disconnect(self):
        pass

    def can_read(self):
        return False


@pytest.mark.stress_threads(include=("redis",))
def test_disconnect_while_in_use(thread_runner):
    pool = ConnectionPool(connection_class=Connection)
    connections = [pool.get_connection("GET") for _ in range(3)]
    pool.release(connections.pop())

    def use():
        pool.release(pool.get_connection("GET"))

    thread_runner.run(pool.disconnect, use)
