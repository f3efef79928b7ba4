"""pop takes the connection out in one step."""


class Pool:
    def __init__(self, size):
        self.idle = [f"conn-{i}" for i in range(size)]

    def take(self):
        return self.idle.pop()

    def give_back(self, conn):
        self.idle.append(conn)


def test_pool(thread_runner):
    pool = Pool(2)
    first, second = thread_runner.run(pool.take, pool.take)
    assert first != second
