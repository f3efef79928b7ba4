"""A counter that begins as an attribute of the class: the instance has one of its own only after the first update."""

EXPECT = {"codes": ["CH101"], "max_schedule": 10}


class Shop:
    sold = 0

    def sell(self):
        n = self.sold  # BUG
        self.sold = n + 1  # BUG


def test_sell(thread_runner):
    shop = Shop()
    thread_runner.run(shop.sell, shop.sell)
