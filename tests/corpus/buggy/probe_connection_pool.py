"""Two workers take the same idle connection: read the last, then delete it."""

EXPECT = {"codes": ["CH110", "CH102"], "max_schedule": None}


class Pool:
    def __init__(self, size):
        self.idle = [f"conn-{i}" for i in range(size)]

    def take(self):
        conn = self.idle[-1]  # BUG
        del self.idle[-1]  # BUG
        return conn

    def give_back(self, conn):
        self.idle.append(conn)


def test_pool(thread_runner):
    pool = Pool(2)
    first, second = thread_runner.run(pool.take, pool.take)
    assert first != second
