"""Round robin: next() on a cycle is one step, and its result stays local."""

import itertools


class Balancer:
    def __init__(self, servers):
        self.servers = itertools.cycle(servers)

    def choose(self):
        return next(self.servers)


def test_balanced(thread_runner):
    balancer = Balancer(["east", "west"])
    assert sorted(thread_runner.run(balancer.choose, workers=2)) == ["east", "west"]
