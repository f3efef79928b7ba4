"""The right version of buggy/returned_connection_finds_the_pool_full.py."""

import queue
import threading

import pytest


class EmptyPoolError(Exception):
    pass


class ClosedPoolError(Exception):
    pass


class FakeConnection:
    def __init__(self, host):
        self.host = host
        self.in_use = False
        self.closed = False

    def request(self, path):
        assert not self.in_use, "connection used by two threads"
        self.in_use = True
        answer = f"{self.host}{path}"
        self.in_use = False
        return answer

    def close(self):
        self.closed = True


class ConnectionPool:
    """After urllib3's HTTPConnectionPool: a LifoQueue of connections or None."""

    def __init__(self, host, maxsize=1, block=False):
        self.host = host
        self.block = block
        self.pool = queue.LifoQueue(maxsize)
        for _ in range(maxsize):
            self.pool.put(None)
        self.num_connections = 0
        self.num_requests = 0
        self._count_lock = threading.Lock()

    def _new_conn(self):
        with self._count_lock:
            self.num_connections += 1
        return FakeConnection(self.host)

    def _get_conn(self, timeout=None):
        if self.pool is None:
            raise ClosedPoolError
        conn = None
        try:
            conn = self.pool.get(block=self.block, timeout=timeout)
        except queue.Empty:
            if self.block:
                raise EmptyPoolError from None
        return conn or self._new_conn()

    def _put_conn(self, conn):
        try:
            self.pool.put(conn, block=False)
            return
        except queue.Full:
            pass
        conn.close()

    def urlopen(self, path):
        with self._count_lock:
            self.num_requests += 1
        conn = self._get_conn()
        try:
            return conn.request(path)
        finally:
            self._put_conn(conn)


@pytest.mark.stress_threads(workers=0)
def test_more_threads_than_connections():
    pool = ConnectionPool("example.org", maxsize=1)
    answers = []
    threads = [threading.Thread(target=lambda n=n: answers.append(pool.urlopen(f"/{n}"))) for n in range(3)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert sorted(answers) == [f"example.org/{n}" for n in range(3)]
    assert pool.num_requests == 3
    assert 1 <= pool.num_connections <= 3
    assert pool.pool.qsize() == 1


def test_blocking_pool(thread_runner):
    pool = ConnectionPool("h", maxsize=1, block=True)
    assert thread_runner.run(lambda: pool.urlopen("/a"), lambda: pool.urlopen("/b")) == ["h/a", "h/b"]
    assert pool.num_connections == 1
