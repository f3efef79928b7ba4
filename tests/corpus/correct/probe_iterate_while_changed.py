"""A copy is iterated: list(d.items()) is one atomic operation."""


def report(prices):
    total = 0
    for price in list(prices.values()):
        total = total + price
    return total


def test_report(thread_runner):
    prices = {"tea": 3, "milk": 2}

    def add():
        prices["salt"] = 1

    total, _ = thread_runner.run(lambda: report(prices), add)
    assert total in (5, 6)
