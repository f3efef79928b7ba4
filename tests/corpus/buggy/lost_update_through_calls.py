"""Read by one function, written by another, and the function that calls both adds in between; nothing is asserted."""

import pytest

EXPECT = {"codes": ["CH101"], "max_schedule": 10}


class Cart:
    __slots__ = ("_total",)

    def __init__(self):
        self._total = 0

    @property
    def total(self):
        return self._total  # BUG

    @total.setter
    def total(self, value):
        if value < 0:
            raise ValueError(value)
        self._total = value  # BUG


class Store:
    def __init__(self):
        self.data = {"n": 0}

    def load(self, key):
        return self.data[key]  # BUG

    def save(self, key, number):
        self.data[key] = number  # BUG

    __getitem__, __setitem__ = load, save


@pytest.fixture
def cart():
    return Cart()


@pytest.fixture
def store():
    return Store()


@pytest.mark.stress_threads
def test_property(cart):
    cart.total += 5  # BUG


@pytest.mark.stress_threads
def test_methods(store):
    n = store.load("n")
    store.save("n", n + 1)  # BUG


@pytest.mark.stress_threads
def test_items(store):
    store["n"] += 1  # BUG
