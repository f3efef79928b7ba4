"""A failing test names the check, the act and what came in between."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest


def _hazards(pytester: pytest.Pytester, source: str, *options: str) -> tuple[list[dict[str, Any]], str]:
    path = pytester.makepyfile(source)
    done = pytester.runpytest_subprocess("-p", "no:randomly", "--concurrency-report=json:report.json", *options)
    tests = json.loads(Path(path.parent, "report.json").read_text(encoding="utf-8"))["tests"]
    return [hazard for test in tests for hazard in test["hazards"]], done.stdout.str()


def _lines(hazard: dict[str, Any]) -> list[tuple[int, str]]:
    return [(location["line"], location["worker"]) for location in hazard["locations"]]


CHECK_THEN_ACT = """
sessions = {}

def forget(token):
    noise = len(token)
    if token in sessions:
        del sessions[token]

def test_forget(thread_runner):
    sessions["t"] = 1
    thread_runner.run(lambda: forget("t"), lambda: forget("t"))
"""


def test_a_check_then_act_is_named_beside_the_failure(pytester: pytest.Pytester) -> None:
    hazards, output = _hazards(pytester, CHECK_THEN_ACT)
    assert [(h["code"], h["severity"]) for h in hazards] == [("CH110", "error"), ("CH102", "warning")]
    check, between, act = _lines(hazards[1])
    assert (check[0], between[0], act[0]) == (5, 6, 6)
    assert check[1] == act[1] != between[1]
    decisive = [line for line in hazards[0]["detail"].splitlines() if line.startswith("> ")]
    assert len(decisive) == 3
    assert "With it: CH102" in output
    assert "KeyError" in output


def test_it_can_be_ignored(pytester: pytest.Pytester) -> None:
    hazards, _ = _hazards(pytester, CHECK_THEN_ACT, "-o", "concurrency_ignore=CH102")
    assert [h["code"] for h in hazards] == ["CH110"]


def test_what_the_order_does_not_depend_on_is_not_named(pytester: pytest.Pytester) -> None:
    hazards, _ = _hazards(
        pytester,
        """
        class Account:
            looked = 0
            balance = 100

        account, paid = Account(), []

        def withdraw():
            account.looked
            account.looked = 1
            if account.balance >= 100:
                account.looked
                account.balance = 0
                paid.append(100)

        def test_withdraw(thread_runner):
            account.looked, account.balance = 0, 100
            paid.clear()
            thread_runner.run(withdraw, withdraw)
            assert paid == [100]
        """,
    )
    assert [h["code"] for h in hazards] == ["CH110", "CH102"]
    assert [line for line, _ in _lines(hazards[1])] == [10, 12, 12]
    assert [location["target"] for location in hazards[1]["locations"]] == ["Account.balance"] * 3


def test_files_are_checked_and_acted_upon_by_calls(pytester: pytest.Pytester) -> None:
    hazards, _ = _hazards(
        pytester,
        """
        import os

        def ensure(path):
            if not os.path.exists(path):
                os.mkdir(path)

        def test_ensure(thread_runner, tmp_path):
            target = str(tmp_path / "cache")
            if os.path.isdir(target):
                os.rmdir(target)
            thread_runner.run(lambda: ensure(target), lambda: ensure(target))
        """,
    )
    assert [h["code"] for h in hazards] == ["CH110", "CH102"]
    assert [line for line, _ in _lines(hazards[1])] == [4, 5, 5]


def test_what_is_done_under_a_lock_is_moved_as_a_whole(pytester: pytest.Pytester) -> None:
    hazards, _ = _hazards(
        pytester,
        """
        import threading

        class Store:
            def __init__(self):
                self.count, self.items = 0, {}
                self.counting, self.writing = threading.Lock(), threading.Lock()

            def read(self, key):
                with self.counting:
                    self.count += 1
                known = key in self.items
                with self.counting:
                    self.count -= 1
                return known

            def make(self, key):
                if not self.read(key):
                    with self.writing:
                        self.items[key] = object()
                return self.items[key]

        def test_make(thread_runner):
            store = Store()
            first, second = thread_runner.run(lambda: store.make("a"), lambda: store.make("a"))
            assert first is second
        """,
    )
    assert [h["code"] for h in hazards] == ["CH110", "CH102"]
    assert [line for line, _ in _lines(hazards[1])] == [11, 19, 19]


def test_the_worker_that_comes_in_between_may_be_the_one_that_checks(pytester: pytest.Pytester) -> None:
    hazards, _ = _hazards(
        pytester,
        """
        import threading

        names, order, lock = {}, [], threading.Lock()

        def add(name):
            if name in names:
                return False
            with lock:
                names[name] = True
                order.append(name)
            return True

        def test_add(thread_runner):
            names.clear()
            assert thread_runner.map(add, ["a", "a"]).count(True) == 1
        """,
    )
    assert [h["code"] for h in hazards] == ["CH110", "CH102"]
    assert [line for line, _ in _lines(hazards[1])] == [6, 9, 9]


OTHER_PATH = """
class Box:
    def __init__(self):
        self.items = {"a": 1}
        self.key = "a"

    def take(self):
        key = self.key
        if key in self.items:
            return self.items[key]
        raise LookupError(key)

    def replace(self):
        self.items["b"] = 2
        self.key = "b"
        del self.items["a"]

def test_box(thread_runner):
    box = Box()
    thread_runner.run(box.take, box.replace)
"""


def test_only_what_has_run_is_named(pytester: pytest.Pytester) -> None:
    """Undisturbed the worker would have acted on line 9, which it never reached."""
    hazards, _ = _hazards(pytester, OTHER_PATH)
    assert [hazard["code"] for hazard in hazards] == ["CH110", "CH102"]
    assert [line for line, _ in _lines(hazards[1])] == [7, 14, 8]
    assert ("Box.items['a']", "deleted") in [(step["target"], step["value"]) for step in hazards[0]["steps"]]


EVICTED = """
class Cache:
    def __init__(self):
        self.data = {"a": 1}

    def get(self, key):
        if key in self.data:
            return self.data[key]

    def put(self, key, value):
        self.data[key] = value
        if len(self.data) > 1:
            del self.data[next(iter(self.data))]
        self.data[key] = value

def test_cache(thread_runner):
    cache = Cache()
    thread_runner.run(lambda: cache.get("a"), lambda: cache.put("b", 2))
"""


def test_of_several_changes_that_of_the_item_is_named(pytester: pytest.Pytester) -> None:
    hazards, _ = _hazards(pytester, EVICTED)
    assert [line for line, _ in _lines(hazards[-1])] == [6, 12, 7]


def test_the_end_of_a_with_statement_is_no_look(pytester: pytest.Pytester) -> None:
    source = (Path(__file__).parents[1] / "corpus" / "buggy" / "single_flight_gap.py").read_text(encoding="utf-8")
    hazards, output = _hazards(pytester, source)
    assert hazards[0]["code"] == "CH110"
    assert "the state behind a call" not in output
    decisive = [line for line in hazards[0]["detail"].splitlines() if line.startswith("> ")]
    assert decisive and not any("  call " in line for line in decisive)


EXPIRED = """
class Cache:
    def __init__(self):
        self.loads = 0
        self.items = {"k": 1}
    def renewed(self, key):
        if key in self.items:
            del self.items[key]
        self.loads += 1
        self.items[key] = 2

def test_renewed(thread_runner):
    cache = Cache()
    thread_runner.run(lambda: cache.renewed("k"), lambda: cache.renewed("k"))
"""


def test_a_deletion_that_failed_was_acted_upon_and_changed_nothing(pytester: pytest.Pytester) -> None:
    """The worker that died had looked, and not the other one, which goes on to write the item anew."""
    hazards, output = _hazards(pytester, EXPIRED)
    assert [h["code"] for h in hazards] == ["CH110", "CH102"], output
    (check, one), (between, other), (act, again) = _lines(hazards[1])
    assert (check, between, act) == (6, 7, 7)
    assert one == again != other


CALLED = """
class Hall:
    def __init__(self):
        self.sold = []
    def book(self, customer):
        if len(self.sold) < 1:
            self.sold.append(customer)

def test_one_seat(thread_runner):
    hall = Hall()
    thread_runner.run(lambda: hall.book("ann"), lambda: hall.book("bob"))
    assert len(hall.sold) == 1
"""


def test_what_was_called_on_what(pytester: pytest.Pytester) -> None:
    (failure, cause), output = _hazards(pytester, CALLED)
    assert "looked at Hall.sold (-> [])" in cause["message"]
    assert ", worker 1 called Hall.sold.append at " in cause["message"], cause["message"]
    assert [location["target"] for location in cause["locations"]] == ["Hall.sold", *["Hall.sold.append"] * 2]
    assert "sold.append = 'bob'" in output or "sold.append = 'ann'" in output  # without the owner where it is narrow
    assert "Hall.sold.append" in {step["target"] for step in failure["steps"]}
