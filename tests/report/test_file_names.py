"""A file is named by as much of its path as tells it from the others."""

from __future__ import annotations

import pytest

from pytest_concurrency.files import short


@pytest.mark.parametrize(
    ("path", "among", "name"),
    [
        ("/a/shop/cart.py", (), "cart.py"),
        ("/a/shop/cart.py", ("/a/shop/cart.py", "", "/a/shop/test_cart.py"), "cart.py"),
        ("/a/shop/__init__.py", (), "shop/__init__.py"),
        ("/a/shop/__main__.py", ("/b/shop/__main__.py",), "a/shop/__main__.py"),
        ("/a/shop/base.py", ("/a/shop/sub/base.py",), "shop/base.py"),
        ("/a/shop/sub/base.py", ("/a/shop/base.py",), "sub/base.py"),
        ("base.py", ("/a/base.py",), "base.py"),
        ("/base.py", ("/a/base.py",), "/base.py"),
        ("__init__.py", (), "__init__.py"),
        ("<string>", ("/a/base.py",), "<string>"),
        ("", ("/a/base.py",), ""),
    ],
)
def test_name(path, among, name):
    assert short(path, among) == name


STOCK = """
class Stock:
    def __init__(self):
        self.left = 5

    def take(self):
        self.left -= 1
        return self.left
"""
TEST = """
import threading
import shop, shop.stock, shop.other.stock

def test_lost(thread_runner):
    stock = shop.Shop()
    thread_runner.run(stock.sell, stock.sell)

def test_two_files(thread_runner):
    a, b = shop.stock.Stock(), shop.other.stock.Stock()
    def work():
        a.take()
        b.take()
    thread_runner.run(work, work)
    assert (a.left, b.left) == (3, 3)

def test_stuck(thread_runner):
    first, second = threading.Lock(), threading.Lock()
    thread_runner.run(
        lambda: shop.stock.both(first, second), lambda: shop.other.stock.both(second, first)
    )
"""
BOTH = """
def take(lock):
    with lock:
        pass

def both(first, second, take=take):
    with first:
        take(second)
"""


def test_in_reports(pytester):
    shop = pytester.mkpydir("shop")
    (shop / "__init__.py").write_text(
        "class Shop:\n    def __init__(self):\n        self.sold = 0\n    def sell(self):\n        self.sold += 1\n"
    )
    other = shop / "other"
    other.mkdir()
    (other / "__init__.py").touch()
    (shop / "stock.py").write_text(STOCK + BOTH)
    (other / "stock.py").write_text("\n" + STOCK + BOTH)
    pytester.makepyfile(TEST)
    text = pytester.runpytest_subprocess("-p", "no:randomly", timeout=100).stdout.str()
    assert " shop/__init__.py:5  self.sold +=" in text
    assert " stock.py:7  self.left -= 1" in text  # no other is named in that report
    text = " ".join(text.split())
    assert "waits at other/stock.py:12 for" in text and "waits at shop/stock.py:11 for" in text
