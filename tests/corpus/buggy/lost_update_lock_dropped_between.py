"""The read and the write are both locked, but not together."""

import threading

EXPECT = {"codes": ["CH101", "CH110"], "max_schedule": 10}
lock = threading.Lock()


def test_ticket_price(thread_runner):
    prices = {"opera": 40}

    def raise_price(step):
        with lock:
            price = prices["opera"]  # BUG
        price += step
        with lock:
            prices["opera"] = price  # BUG

    thread_runner.run(lambda: raise_price(1), lambda: raise_price(2))
    assert prices["opera"] == 43
