"""A generator expression goes over a dictionary's view while a key is added."""

import threading

import pytest

EXPECT = {"codes": ["CH110", "CH108", "CH102"], "max_schedule": None}


class Baskets:
    def __init__(self):
        self.items = {"ann": ["tea"], "bob": ["milk", "salt"]}

    def size(self):
        return sum(len(items) for items in self.items.values())  # BUG

    def open(self, name):
        self.items[name] = []  # BUG


@pytest.mark.stress_threads(workers=0)
def test_size():
    baskets = Baskets()
    opener = threading.Thread(target=baskets.open, args=("cid",))
    opener.start()
    assert baskets.size() == 3
    opener.join()
