"""Hooks look at the program's objects without running its code and without prolonging a life."""

from __future__ import annotations

import weakref

import pytest

from pytest_concurrency.instrument.sites import ATTR, ITEM, READ, WHOLE, Site
from pytest_concurrency.runtime.containers import item_value
from pytest_concurrency.runtime.execution import Execution
from pytest_concurrency.runtime.hooks.attributes import read_attr
from pytest_concurrency.runtime.hooks.container_calls import container_call
from pytest_concurrency.runtime.hooks.containers import container_of, read_item
from pytest_concurrency.runtime.hooks.iteration import iterate
from pytest_concurrency.runtime.values import MISSING
from pytest_concurrency.state import STATE
from pytest_concurrency.strategies.serial import Serial


def site(kind: str, name: str = "") -> Site:
    made = Site(kind, READ, name, f"m:f:{kind} {name}", "m.py", 1, "f", 0, muted=False)
    made.is_source = True
    return made


def observed(body) -> Execution:
    execution = Execution(Serial(), observing=True, recording=True)
    outcome = execution.run(body)
    if outcome.error is not None:
        raise outcome.error
    assert execution.steps
    return execution


class Forbidding:
    def __init__(self):
        object.__setattr__(self, "n", 1)

    def __getattribute__(self, name):
        raise AssertionError(name)

    __eq__ = __hash__ = __repr__ = __bool__ = __len__ = __iter__ = __setattr__ = __getattribute__  # type: ignore


class Proxy:
    __slots__ = ()

    def __getattr__(self, name):
        raise AssertionError(name)


@pytest.mark.parametrize("cls", [Forbidding, Proxy])
def test_attributes_are_read_without_the_programs_code(cls):
    obj = cls()
    observed(lambda: read_attr(obj, site(ATTR, "n")))


def test_value_of_an_instance_with_its_own_getattribute_is_seen():
    execution = observed(lambda: read_attr(Forbidding(), site(ATTR, "n")))
    assert [row.value for row in execution.rows or execution.kept_rows] == ["1"]


def test_key_with_a_hash_of_the_program():
    calls = []

    class Key:
        def __hash__(self):
            assert STATE.run is None  # its own accesses are not announced in the middle of a hook
            calls.append(1)
            return 1

    key = Key()
    table = {key: 5}
    execution = observed(lambda: read_item(table, key, site(ITEM)))
    assert calls and [row.value for row in execution.rows or execution.kept_rows] == ["5"]


def test_key_that_cannot_be_hashed():
    class Bad:
        def __hash__(self):
            raise ValueError

    assert item_value({}, Bad()) is MISSING


def test_view_leads_to_its_dictionary_and_keeps_nothing_alive():
    class Table(dict):
        pass

    table = Table(a=1)
    ref = weakref.ref(table)

    def body():
        nonlocal table
        items = container_call(table, site("method", "items")).items()
        steps = iterate(items, site(WHOLE, "iter"))
        assert list(steps) == [("a", 1)]
        assert container_of(items, site(WHOLE, "iter")) is table
        del items, steps
        del table
        assert ref() is None

    observed(body)


def test_loop_does_not_hold_its_value():
    class Item:
        pass

    items = [Item(), Item()]
    refs = [weakref.ref(item) for item in items]
    del items[1:]

    def body():
        for item in iterate(items, site(WHOLE, "iter")):
            items.clear()
            del item
            assert refs[0]() is None

    observed(body)


def test_class_in_the_making_has_no_bases_yet():
    seen = []

    class Meta(type):
        def mro(cls):
            read_attr(cls, site(ATTR, "f"))
            seen.append(cls.__mro__)
            return super().mro()

    observed(lambda: Meta("A", (), {}))
    assert seen == [None]
