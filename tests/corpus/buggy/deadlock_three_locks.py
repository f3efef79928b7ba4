"""A cycle over three locks and three workers."""

import threading

EXPECT = {"codes": ["CH104"], "max_schedule": None}


class Registry:
    def __init__(self):
        self.users = threading.RLock()
        self.groups = threading.RLock()
        self.rights = threading.RLock()

    def add_user(self):
        with self.users, self.groups:  # BUG
            pass

    def add_group(self):
        with self.groups, self.rights:  # BUG
            pass

    def add_right(self):
        with self.rights, self.users:  # BUG
            pass


def test_registry(thread_runner):
    registry = Registry()
    thread_runner.run(registry.add_user, registry.add_group, registry.add_right)
