"""Round robin: the next server is kept in an attribute and read back from there."""

import itertools

EXPECT = {"codes": ["CH110", "CH102"], "max_schedule": None}


class Balancer:
    def __init__(self, servers):
        self.servers = itertools.cycle(servers)
        self.current = None

    def choose(self):
        self.current = next(self.servers)  # BUG
        return self.current  # BUG


def test_balanced(thread_runner):
    balancer = Balancer(["east", "west"])
    assert sorted(thread_runner.run(balancer.choose, workers=2)) == ["east", "west"]
