"""Functions of the library that are handed a container announce what they do to it, and do it."""

from __future__ import annotations

import bisect
import collections
import dataclasses
import enum
import heapq
import operator
import random
from collections.abc import Callable
from typing import Any

import pytest

from pytest_concurrency.instrument.vocabulary import LIBRARY_CALLS
from pytest_concurrency.primitives import library_calls
from pytest_concurrency.primitives.library_calls import STAND_INS, call_doubt
from pytest_concurrency.runtime.execution import Execution
from pytest_concurrency.strategies.serial import Serial


def rows(body: Callable[[], Any]) -> list[tuple[str, str, str]]:
    """Return action, target and value of what ``body`` announces."""
    execution = Execution(Serial(), observing=True, recording=True)
    outcome = execution.run(body)
    if outcome.error is not None:
        raise outcome.error
    return [(row.action, row.target, row.value) for row in execution.rows or execution.kept_rows]


def announced(function: Callable[..., Any], *args: Any, **kwargs: Any) -> list[tuple[str, str, str]]:
    return rows(lambda: STAND_INS[id(function)](*args, **kwargs))


def test_changes_and_looks() -> None:
    heap = [3, 1, 2]
    assert announced(heapq.heapify, heap) == [("write", "heapify(list)", "")]
    assert announced(heapq.heappush, heap, 0) == [("write", "heappush(list)", "0")]
    assert heap[0] == 0
    assert announced(heapq.heappop, heap) == [("write", "heappop(list)", "")]
    assert announced(bisect.bisect_left, [1, 2], 2) == [("read", "bisect_left(list)", "")]
    assert announced(bisect.insort, a=heap, x=4) == [("write", "insort(list)", "")]
    assert announced(operator.contains, {"a": 1}, "a") == [("read", "contains(dict)", "")]
    assert announced(random.choice, collections.deque([1])) == [("read", "choice(deque)", "")]
    assert announced(random.shuffle, x=heap) == [("write", "shuffle(list)", "")]


def test_items() -> None:
    table = {"a": 1}
    assert announced(operator.getitem, table, "a") == [("read", "dict['a']", "1")]
    assert announced(operator.setitem, table, "a", 2) == [("write", "dict['a']", "2")]
    assert announced(operator.delitem, table, "a") == [("write", "delitem(dict)", "")]
    assert table == {}


def test_what_is_no_container_is_none() -> None:
    assert announced(operator.contains, "abc", "a") == []
    assert announced(operator.iadd, 1, 2) == []


WRONG = [(heapq.heappush, ()), (heapq.heappush, ([],)), (heapq.heappush, ((), 1)), (operator.setitem, ({}, 1))]


@pytest.mark.parametrize(("function", "arguments"), WRONG)
def test_errors_are_those_of_the_function(function: Any, arguments: tuple[Any, ...]) -> None:
    with pytest.raises(TypeError) as real:
        function(*arguments)
    with pytest.raises(TypeError) as ours:
        announced(function, *arguments)
    assert str(ours.value) == str(real.value)


def test_result_and_exception_are_handed_on() -> None:
    assert STAND_INS[id(bisect.bisect)]([1, 2], 1) == 1
    with pytest.raises(IndexError):
        announced(heapq.heappop, [])


def test_all_functions_of_this_python_have_a_stand_in() -> None:
    for module in (bisect, heapq, operator, random):
        for name in LIBRARY_CALLS[module.__name__]:
            assert not hasattr(module, name) or id(getattr(module, name)) in STAND_INS


def test_module_is_itself_but_in_such_a_call(monkeypatch: pytest.MonkeyPatch) -> None:
    assert library_calls.module(heapq, "nlargest") is heapq
    assert library_calls.module(bisect, "heappush") is bisect
    assert library_calls.module(dataclasses, "heappush") is dataclasses
    stand_in = library_calls.module(heapq, "heappush")
    assert stand_in.heappush is STAND_INS[id(heapq.heappush)]
    monkeypatch.setattr(heapq, "heappush", len)
    assert stand_in.heappush is len


class Point(tuple[int, int]):
    pass


class Level(enum.IntEnum):
    LOW = 1


class Kind(enum.Enum):
    A = 1


class Plain:
    pass


@dataclasses.dataclass(order=True)
class Ordered:
    at: int


class Asked:
    def __index__(self) -> int:
        return 0


KNOWN = {
    "numbers": ("heapq", "heappush", [1, 2.0], (3,), {}),
    "tuples of names": ("heapq", "heappush", [(1, "a")], ((2, None),), {}),
    "tuples with objects that do not compare": ("heapq", "heappush", [(1, Plain())], ((2, Plain()),), {}),
    "a subclass of tuple": ("bisect", "bisect", [Point((1, 2))], (Point((2, 3)),), {}),
    "subclass of int": ("bisect", "bisect", [Level.LOW], (Level.LOW,), {}),
    "no key": ("bisect", "insort", [1], (2, 0, None), {"key": None}),
    "a long range": ("bisect", "bisect", range(10**9), (5,), {}),
    "a new value": ("operator", "setitem", {"a": 1}, ("b", [Ordered(1)]), {}),
    "an item of a list of anything": ("operator", "getitem", [Ordered(1)], (0,), {}),
    "addition of numbers": ("operator", "iadd", 1, (2,), {}),
}
UNKNOWN = {
    "code made for a dataclass": ("heapq", "heappush", [], (Ordered(1),), {}),
    "in the heap": ("heapq", "heappop", [Ordered(1)], (), {}),
    "in a tuple": ("heapq", "heappop", [(1, Ordered(1))], (), {}),
    "containers": ("heapq", "heappush", [[1]], ([2],), {}),
    "code of an enumeration": ("operator", "contains", {Kind.A}, (Kind.A,), {}),
    "key function": ("bisect", "bisect", [1], (2,), {"key": abs}),
    "subclass of list": ("bisect", "insort", type("Own", (list,), {})(), (1,), {}),
    "place that is asked for": ("operator", "getitem", [1], (Asked(),), {}),
    "bound that is asked for": ("bisect", "bisect", [1], (1, Asked()), {}),
    "keys": ("operator", "getitem", {Kind.A: 1}, ("a",), {}),
    "what is added": ("operator", "iadd", [1], ([2],), {}),
    "what is looked for": ("operator", "contains", [1], ([2],), {}),
    "random": ("random", "choice", [1], (), {}),
}


@pytest.mark.parametrize("call", KNOWN.values(), ids=KNOWN.keys())
def test_all_that_such_a_call_does_is_announced(call: Any) -> None:
    assert call_doubt(*call) == ""


@pytest.mark.parametrize("call", UNKNOWN.values(), ids=UNKNOWN.keys())
def test_such_a_call_may_do_more(call: Any) -> None:
    assert call_doubt(*call)
