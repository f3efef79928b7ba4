"""A second count of the functions looks at what is new, and comes to what a count of all comes to."""

from __future__ import annotations

import gc
import types
import weakref

import pytest

from pytest_concurrency.instrument import census
from pytest_concurrency.instrument.census import Census
from pytest_concurrency.instrument.scope import Area, Chooser, ordinary_functions
from pytest_concurrency.interpreter import FREE_THREADED

SOURCE = """
def first(): pass
def maker():
    def inner(): pass
    return inner
"""


@pytest.fixture
def module(tmp_path):
    path = str(tmp_path / "app.py")
    names = {"__name__": "app", "__file__": path}
    exec(compile(SOURCE, path, "exec"), names)
    return names


@pytest.fixture
def count(tmp_path, monkeypatch):
    """Count; say in how many functions were looked at, and the names of those that were found."""
    looked_at_all = []
    monkeypatch.setattr(census, "ordinary_functions", lambda: looked_at_all.append(True) or ordinary_functions())
    subject = Census()

    def take(area=None):
        looked_at_all.clear()
        _, divided = subject.take(Chooser(area or Area(str(tmp_path))))
        names = [sorted(f.__name__ for f in functions) for functions in (divided.mine, divided.made)]
        assert divided.library and len({id(f) for f in divided.library}) == len(divided.library)
        return (*names, bool(looked_at_all))

    collecting = gc.isenabled()
    gc.disable()
    yield take
    if collecting:
        gc.enable()


def test_new_functions_are_added_without_a_look_at_all(module, count):
    assert count() == (["first", "maker"], [], True)
    assert count() == (["first", "maker"], [], FREE_THREADED)
    inner = module["maker"]()
    made = types.FunctionType(compile("def made(): pass", "<string>", "exec").co_consts[0], module)
    assert count() == (["first", "inner", "maker"], ["made"], FREE_THREADED)
    assert count() == (["first", "inner", "maker"], ["made"], FREE_THREADED)
    assert inner and made


def test_all_are_looked_at_where_young_ones_may_have_become_old(module, count):
    count()
    inner = module["maker"]()
    gc.collect()
    assert count() == (["first", "inner", "maker"], [], True)
    assert inner


def test_all_are_looked_at_in_another_area(module, count, tmp_path):
    count()
    assert count(Area(str(tmp_path), excluded=frozenset({module["__file__"]}))) == ([], [], True)
    assert count() == (["first", "maker"], [], True)


def test_functions_are_not_kept_alive(module, count):
    inner = module["maker"]()
    assert count()[0] == ["first", "inner", "maker"]
    gone = weakref.ref(inner)
    del inner
    assert gone() is None
    assert count()[0] == ["first", "maker"]
