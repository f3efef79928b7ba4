"""items = items + [x] builds a new list; unlike append it can lose one."""

EXPECT = {"codes": ["CH101", "CH110"], "max_schedule": 10}


class Basket:
    def __init__(self):
        self.items = []

    def put(self, item):
        self.items = self.items + [item]  # BUG


def test_basket(thread_runner):
    basket = Basket()
    thread_runner.map(basket.put, ["bread", "salt"])
    assert sorted(basket.items) == ["bread", "salt"]
