"""Hazards in code that cannot be edited are dismissed by its module or path; those of one's own code beside it stay."""

from __future__ import annotations

import pytest

from pytester_runs import run

SHOP = """
class Stock:
    def __init__(self):
        self.left = 5

    def take(self):
        self.left -= 1

    def book(self):
        if self.left:
            self.left = 0
            return
        raise LookupError("sold out")

def both(first, second):
    with first:
        with second:
            pass
"""
TESTS = """
import threading
import shop.stock
from shop.stock import Stock, both

def test_lost(thread_runner):
    thread_runner.run(Stock().take, workers=2)

def test_mixed(thread_runner):
    stock = Stock()
    def take():
        stock.left -= 1
    thread_runner.run(stock.take, take)

def test_stuck(thread_runner):
    first, second = threading.Lock(), threading.Lock()
    thread_runner.run(lambda: both(first, second), lambda: both(second, first))

def test_asserted(thread_runner):
    stock = Stock()
    thread_runner.run(stock.take, workers=2)
    assert stock.left == 3
"""
ALL = "CH101 CH104 CH105 CH106"


@pytest.mark.parametrize("name", ["shop", "shop.stock", "shop/*", "**/stock.py", "shop/stock.py"])
def test_module_or_path(pytester, name):
    package = pytester.mkpydir("shop")
    (package / "stock.py").write_text(SHOP)
    pytester.makeini(
        f"[pytest]\nconcurrency_schedules = 40\nconcurrency_ignore_in =\n    other: CH101\n    {name}: {ALL}\n"
    )
    done = run(pytester, TESTS)
    assert done.outcomes == {
        "test_lost": "PASSED",
        "test_mixed": "FAILED",
        "test_stuck": "PASSED",
        "test_asserted": "FAILED",
    }
    assert done.codes("test_mixed") == ["CH101"] and "CH101" not in done.codes("test_asserted")
    assert f"CH101 is ignored in {name} at shop/stock.py:7" in done.tests["test_lost"]["notes"]
    done.result.stdout.fnmatch_lines([f"test_it.py::test_stuck: CH104 is ignored in {name} at shop/stock.py:*"])


@pytest.mark.parametrize("args", [(), ("--stress-threads", "2")])
def test_other_codes_and_modules_stay(pytester, args):
    (pytester.mkpydir("shop") / "stock.py").write_text(SHOP)
    source = TESTS.replace("def test_", "@mark\ndef test_").replace("import shop", "import pytest\nimport shop", 1)
    source = source.replace(
        "@mark", 'mark = pytest.mark.stress_threads(ignore_in={"shop": "CH104", "sho": "CH101"})\n@mark', 1
    )
    done = run(pytester, source, *args)
    assert (done.outcomes["test_lost"], done.outcomes["test_stuck"]) == ("FAILED", "PASSED")


def test_whole_suite(pytester):
    (pytester.mkpydir("shop") / "stock.py").write_text(
        SHOP.replace("class Stock", "SHARED = None\nclass Stock") + "\nSHARED = Stock()\n"
    )
    source = "import shop.stock\ndef test_take(): shop.stock.SHARED.take()\n"
    assert run(pytester, source, "--stress-threads", "2").outcomes == {"test_take": "FAILED"}
    pytester.makeini("[pytest]\nconcurrency_ignore_in = shop: CH101\n")
    assert run(pytester, source, "--stress-threads", "2").outcomes == {"test_take": "PASSED"}
