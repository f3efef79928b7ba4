"""A lazy module whose ``__dict__`` is a property that loads everything: looking at it would run the program's code."""

import sys
import threading
import types

import pytest


class Lazy(types.ModuleType):
    """Makes its attributes when they are first wanted, all of them when somebody looks at ``__dict__``."""

    def __init__(self, name):
        super().__init__(name)
        self.lock = threading.RLock()

    def __getattr__(self, name):
        if name not in ("one", "two"):
            raise AttributeError(name)
        with self.lock:
            if name not in types.ModuleType.__dict__["__dict__"].__get__(self):
                setattr(self, name, [name])
        return getattr(self, name)

    @property
    def __dict__(self):
        own = types.ModuleType.__dict__["__dict__"].__get__(self)
        hasattr(self, "nothing")  # as lazy packages do, to run what is due on first access
        for name in ("one", "two"):
            getattr(self, name)
        return own


class Named(type):
    """A metaclass that computes the names of its classes."""

    @property
    def __name__(cls):
        raise AssertionError("nobody asked for the name")


class Settings(metaclass=Named):
    level = 0


@pytest.fixture
def lazy():
    module = sys.modules["lazy_module_dict_example"] = Lazy("lazy_module_dict_example")
    yield module
    del sys.modules["lazy_module_dict_example"]


@pytest.mark.stress_threads
def test_attributes_are_made_once(lazy):
    Settings.level = 1
    assert lazy.one is lazy.one
    assert set(lazy.__dict__) >= {"one", "two"}
    assert Settings.level == 1
