"""A dict is iterated while another worker adds a key."""

EXPECT = {"codes": ["CH110", "CH102", "CH103"], "max_schedule": None}


def report(prices):
    total = 0
    for price in prices.values():  # BUG
        total = total + price
    return total


def test_report(thread_runner):
    prices = {"tea": 3, "milk": 2}

    def add():
        prices["salt"] = 1  # BUG

    total, _ = thread_runner.run(lambda: report(prices), add)
    assert total in (5, 6)
