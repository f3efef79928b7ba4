"""A copy of a dictionary's values is made in one step and gone over in peace."""

import threading

import pytest


class Baskets:
    def __init__(self):
        self.items = {"ann": ["tea"], "bob": ["milk", "salt"]}

    def size(self):
        return sum(len(items) for items in list(self.items.values()))

    def open(self, name):
        self.items[name] = []


@pytest.mark.stress_threads(workers=0)
def test_size():
    baskets = Baskets()
    opener = threading.Thread(target=baskets.open, args=("cid",))
    opener.start()
    assert baskets.size() == 3
    opener.join()
