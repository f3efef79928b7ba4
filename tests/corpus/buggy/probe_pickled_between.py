"""An object is pickled by one worker while another is half way through a change."""

import pickle

EXPECT = {"codes": ["CH110", "CH102"], "max_schedule": None}


class Order:
    def __init__(self):
        self.lines = [("tea", 3)]
        self.total = 3

    def add(self, name, price):
        self.lines.append((name, price))  # BUG
        self.total += price  # BUG


def save(order):
    return pickle.loads(pickle.dumps(order))  # BUG


def test_saved(thread_runner):
    order = Order()
    _, saved = thread_runner.run(lambda: order.add("salt", 1), lambda: save(order))
    assert saved.total == sum(price for _, price in saved.lines)
