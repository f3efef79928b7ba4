"""A set is iterated behind an iterator of C code while another worker adds to it, and takes back what it added."""

import itertools

import pytest

EXPECT = {"codes": ["CH110"], "max_schedule": 60}


class Pool:
    def __init__(self):
        self.free = []
        self.used = {"a", "b"}

    def take(self, name):
        self.used.add(name)  # BUG

    def give_back(self, name):
        self.used.remove(name)

    def close(self):
        for name in itertools.chain(self.free, self.used):
            self.close_one(name)

    def close_one(self, name):
        pass


@pytest.fixture
def pool():
    return Pool()


def test_close_while_in_use(thread_runner, pool):
    def use():
        pool.take("c")
        pool.give_back("c")

    thread_runner.run(pool.close, use)
