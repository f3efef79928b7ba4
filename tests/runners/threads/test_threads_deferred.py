"""Functions are rewritten when they are first called: what is found, and its token, do not depend on when that was."""

from __future__ import annotations

import json

import pytest

from pytester_runs import run as run_source

SHOP = """
import inspect
import traceback
import warnings

class Cart:
    def __init__(self):
        self._total = 0
        self.seen = []

    @property
    def total(self):
        return self._total

    @total.setter
    def total(self, value):
        self._total = value

    def add(self, n):
        self.total += n

    def never_called(self):
        self._total -= 1

def chosen(cart):
    if cart.seen:
        late(cart)
    cart.seen.append(1)

def late(cart):
    n = cart._total
    cart._total = n + 1

def trouble():
    raise ValueError("no")

def told():
    try:
        trouble()
    except ValueError:
        return traceback.format_exc()

def where():
    return [frame.function for frame in inspect.stack()[:4]], traceback.extract_stack()[-3].name

def through():
    return where()

def old():
    warnings.warn("old", DeprecationWarning, stacklevel=2)
"""

TESTS = """
import warnings
import pytest
import shop

@pytest.mark.stress_threads(workers=2, schedules=5)
def test_first():
    cart = shop.Cart()
    cart.add(1)
    shop.chosen(cart)
    shop.chosen(cart)

def test_property(thread_runner):
    cart = shop.Cart()
    thread_runner.run(lambda: cart.add(1), lambda: cart.add(2))
    assert cart.total == 3

def test_late(thread_runner):
    cart = shop.Cart()
    cart._total = 5
    def once():
        shop.late(cart)
    thread_runner.run(once, once)
    assert cart._total == 7

def test_traceback(thread_runner):
    texts = thread_runner.run(shop.told, shop.told)
    assert [text.count("File") for text in texts] == [2, 2]

def test_warning(thread_runner):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        def body():
            shop.old()
        thread_runner.run(body, body)
    assert [warning.filename for warning in caught] == [__file__] * 2

def test_stack(thread_runner):
    def body():
        assert shop.through() == (["where", "through", "body", "carry"], "body")
    def carry():
        body()
    thread_runner.run(carry, carry)

def test_failure(thread_runner):
    thread_runner.run(shop.trouble)
"""


@pytest.fixture
def run(pytester):
    pytester.makepyfile(shop=SHOP, test_shop=TESTS)
    report = pytester.path / "report.json"

    def run(*args):
        result = pytester.runpytest_subprocess(
            "-p", "no:randomly", "-p", "no:cacheprovider", f"--concurrency-report=json:{report}", *args
        )
        tests = json.loads(report.read_text())["tests"]
        return result, {test["nodeid"].partition("::")[2]: test for test in tests}

    return run


def found(test):
    return [(h["code"], h["replay"], h["schedule"], [str(place) for place in h["locations"]]) for h in test["hazards"]]


def test_same_in_a_process_in_which_all_is_rewritten(run):
    result, together = run()
    result.assert_outcomes(failed=3, passed=4)
    for name in ("test_property", "test_late"):
        _, alone = run(f"test_shop.py::{name}")
        assert found(alone[name]) == found(together[name])
        ((code, token, _, places),) = found(alone[name])
        assert code == "CH101" and all("shop.py" in place for place in places)
        for select in (f"test_shop.py::{name}", "test_shop.py"):
            replayed, _ = run(select, f"--concurrency-replay={token}")
            replayed.stdout.fnmatch_lines(["*the replayed schedule fails as it did*"])


def test_no_frame_of_a_stub_is_shown(run):
    result, tests = run(
        "test_shop.py::test_failure",
        "test_shop.py::test_traceback",
        "test_shop.py::test_warning",
        "test_shop.py::test_stack",
    )
    result.assert_outcomes(failed=1, passed=3)
    text = result.stdout.str()
    assert text.count('shop.py", line 34, in trouble') == 2 == text.count(", in trouble") and "deferred.py" not in text
    assert tests["test_warning"]["outcome"] == "passed"


AUDIT = """
import sys
import pytest

class Guard:
    def __init__(self):
        self.heard = []

    def hook(self, event, args, *, names=frozenset({"shop.opened"})):
        if event in names:
            self.heard.append(event)

class Counter:
    def __init__(self):
        self.n = 0

    def add(self):
        self.n += 1

GUARD = Guard()
sys.addaudithook(GUARD.hook)

def test_heard(thread_runner):
    GUARD.heard.clear()
    thread_runner.run(lambda: sys.audit("shop.opened"), workers=2)
    assert GUARD.heard == ["shop.opened"] * 2

def test_counter(thread_runner):
    counter = Counter()
    thread_runner.run(counter.add, workers=2)
"""


@pytest.mark.parametrize("args", [(), ("--stress-threads", "2")])
def test_audit_hooks_run_as_they_are(pytester, args):
    """What a stub does is an audit event, which called the hook again: without end."""
    found = run_source(pytester, AUDIT, "-p", "no:randomly", *args)
    assert found.outcomes == {"test_heard": "PASSED", "test_counter": "FAILED"}, found.text
    assert found.codes("test_counter") == ["CH101"]
