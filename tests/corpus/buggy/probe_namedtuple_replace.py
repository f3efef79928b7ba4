"""A row of a table is a named tuple; a change of one field puts a new one in its place."""

from typing import NamedTuple

EXPECT = {"codes": ["CH101", "CH110", "CH102"], "max_schedule": None}


class Product(NamedTuple):
    name: str
    price: int
    stock: int


class Shop:
    def __init__(self, *products):
        self.products = {product.name: product for product in products}

    def set_price(self, name, price):
        self.products[name] = self.products[name]._replace(price=price)  # BUG

    def sell(self, name):
        product = self.products[name]  # BUG
        self.products[name] = product._replace(stock=product.stock - 1)  # BUG


def test_shop(thread_runner):
    shop = Shop(Product("tea", 3, 10))
    thread_runner.run(lambda: shop.set_price("tea", 4), lambda: shop.sell("tea"))
    assert shop.products["tea"] == ("tea", 4, 9)
