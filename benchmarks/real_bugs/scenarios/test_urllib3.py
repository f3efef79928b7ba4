"""urllib3 1.26.15, pull request 2954: the manager closes a pool that another worker is about to use."""

import io

import pytest
from urllib3 import HTTPConnectionPool, PoolManager
from urllib3.connection import HTTPConnection


class Socket:
    """Answers any request, without a network."""

    def makefile(self, *args, **kwargs):
        return io.BytesIO(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")

    def sendall(self, data):
        pass

    def settimeout(self, seconds):
        pass

    def close(self):
        pass


class Connection(HTTPConnection):
    def connect(self):
        self.sock = Socket()


class Pool(HTTPConnectionPool):
    ConnectionCls = Connection


@pytest.mark.stress_threads(include=("urllib3",))
def test_many_origins(thread_runner):
    manager = PoolManager(num_pools=1)
    manager.pool_classes_by_scheme = {"http": Pool}
    answers = thread_runner.run(
        lambda: manager.request("GET", "http://one.example/").data,
        lambda: manager.request("GET", "http://two.example/").data,
    )
    assert answers == [b"ok", b"ok"]
