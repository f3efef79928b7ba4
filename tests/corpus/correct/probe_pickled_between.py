"""An object whose parts are one immutable value is pickled whenever."""

import pickle


class Order:
    def __init__(self):
        self.lines = (("tea", 3),)

    def add(self, name, price):
        self.lines = (*self.lines, (name, price))

    @property
    def total(self):
        return sum(price for _, price in self.lines)


def save(order):
    return pickle.loads(pickle.dumps(order))


def test_saved(thread_runner):
    order = Order()
    _, saved = thread_runner.run(lambda: order.add("salt", 1), lambda: save(order))
    assert saved.total == sum(price for _, price in saved.lines)
