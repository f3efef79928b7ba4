"""Dictionaries of instances, without a look that the program can notice."""

from __future__ import annotations

import functools

import pytest

from pytest_concurrency.own_dict import own_dict


class Plain:
    def __init__(self):
        self.value = 1


class Computed:
    __dict__ = property(lambda self: pytest.fail("the program's code was run"))


class Proxy:
    """As a proxy that is written in C: what gets its dictionary is C code that has not to be called."""

    __slots__ = ()
    __class__ = property(lambda self: functools.partial)
    __dict__ = vars(functools.partial)["__dict__"]


def test_own_attributes():
    assert own_dict(Plain()) == {"value": 1}
    error = ValueError()
    error.value = 1
    assert own_dict(error) == {"value": 1}
    partial = functools.partial(len)
    partial.value = 1
    assert own_dict(partial) == {"value": 1}


@pytest.mark.parametrize("value", [Computed(), Proxy(), 1, object()], ids=["property", "proxy", "number", "object"])
def test_none_is_asked_for(value):
    assert own_dict(value) is None
