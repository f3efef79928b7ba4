"""A connection pool: a BoundedSemaphore counts, a list holds."""

import threading


class Pool:
    def __init__(self, names):
        self.free = list(names)
        self.permits = threading.BoundedSemaphore(len(names))

    def use(self):
        with self.permits:
            conn = self.free.pop()
            try:
                return conn
            finally:
                self.free.append(conn)


def test_pool(thread_runner):
    pool = Pool(["c1", "c2"])
    thread_runner.run(pool.use, pool.use, pool.use)
    assert sorted(pool.free) == ["c1", "c2"]
