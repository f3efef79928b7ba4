"""Functions are found from the modules alone, where the garbage collector does not know them."""

from __future__ import annotations

import sys
import types
from collections.abc import Iterator

import pytest

from pytest_concurrency.instrument.scope import all_functions, reachable_functions

SOURCE = """
import functools

class Registry:
    def __init__(self): self.known = {}
    def register(self, function):
        self.known[function.__name__] = [function]
        return None

class Callable:
    def __init__(self, function): self.inner = function
    def __call__(self): return self.inner()

registry = Registry()

@registry.register
def registered(): pass

def decorated_with(function):
    @functools.wraps(function)
    def wrapper(): return function()
    return wrapper

@decorated_with
def decorated(): pass

@Callable
def wrapped(): pass

bound = functools.partial(lambda value: value, 1)

class Outer:
    def method(self): pass
    @staticmethod
    def static(): pass
    @classmethod
    def of_class(cls): pass
    @property
    def value(self): return 1
    @value.setter
    def value(self, value): pass
    @functools.cached_property
    def cached(self): return 1
    class Inner:
        def method(self, call=lambda: None): pass
"""


@pytest.fixture
def module() -> Iterator[types.ModuleType]:
    made = types.ModuleType("made_for_this_test")
    exec(compile(SOURCE, "made_for_this_test.py", "exec"), vars(made))
    sys.modules[made.__name__] = made
    yield made
    del sys.modules[made.__name__]


def test_every_function_of_a_module_is_reached(module: types.ModuleType) -> None:
    known = {f for f in all_functions() if f.__globals__ is vars(module)}
    assert len(known) >= 18
    assert {f for f in reachable_functions() if f.__globals__ is vars(module)} == known
