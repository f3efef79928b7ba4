"""Activation: every function of the area is rewritten, whatever holds it, and every one is put back."""

from __future__ import annotations

import gc
import inspect
import types

import pytest

SOURCE = """
import functools
total = 0

def plain():
    global total
    total += 1

class Thing:
    def __init__(self): self.n = 0
    def method(self): self.n += 1
    @property
    def prop(self): self.n += 1; return self.n
    @prop.setter
    def prop(self, value): self.n = value
    @staticmethod
    def static(thing): thing.n += 1
    @classmethod
    def klass(cls, thing): thing.n += 1
    @functools.cached_property
    def cached(self): self.n += 1; return self.n

@functools.lru_cache
def lru(thing): thing.n += 1

def decorate(function):
    @functools.wraps(function)
    def wrapper(*args): return function(*args)
    return wrapper

@decorate
def decorated(thing): thing.n += 1

part = functools.partial(decorated)
table = {"anonymous": lambda thing: setattr(thing, "n", thing.n + 1)}

def maker():
    n = 0
    def inner():
        nonlocal n
        n += 1
        return n
    return inner

async def co(thing): thing.n += 1
def gen(thing):
    thing.n += 1
    yield thing.n
"""

USES = {
    "function": lambda m, thing: m["plain"](),
    "method": lambda m, thing: thing.method(),
    "property": lambda m, thing: thing.prop,
    "property setter": lambda m, thing: setattr(thing, "prop", 1),
    "static method": lambda m, thing: m["Thing"].static(thing),
    "class method": lambda m, thing: m["Thing"].klass(thing),
    "cached property": lambda m, thing: thing.cached,
    "behind lru_cache": lambda m, thing: m["lru"](thing),
    "behind a decorator": lambda m, thing: m["decorated"](thing),
    "behind partial": lambda m, thing: m["part"](thing),
    "in a dictionary": lambda m, thing: m["table"]["anonymous"](thing),
    "inner function": lambda m, thing: m["maker"]()(),
    "coroutine": lambda m, thing: pytest.raises(StopIteration, m["co"](thing).send, None),
    "generator": lambda m, thing: list(m["gen"](thing)),
}


def codes(module):
    return {
        id(function): function.__code__
        for function in gc.get_objects()
        if type(function) is types.FunctionType and function.__globals__ is module
    }


@pytest.mark.parametrize("use", USES.values(), ids=USES.keys())
def test_is_instrumented_while_active_and_not_after(lab, use):
    module = lab.load(SOURCE)
    with lab.active():
        thing = module["Thing"]()
        lab.events.clear()
        use(module, thing)
        assert lab.told("read_attr", "write_attr", "read_global", "write_cell")
    lab.events.clear()
    use(module, module["Thing"]())
    assert lab.events == []


@pytest.mark.parametrize("error", [None, ValueError, KeyboardInterrupt])
def test_every_code_object_is_put_back(lab, error):
    module = lab.load(SOURCE)
    before = codes(module)
    try:
        with lab.active():
            assert {i: c for i, c in codes(module).items() if c is before.get(i)}.keys() < before.keys()
            if error is not None:
                raise error
    except BaseException as caught:
        assert type(caught) is error
    assert codes(module) == before
    assert all(code is before[i] for i, code in codes(module).items())


def test_functions_made_while_active_are_put_back(lab):
    module = lab.load(SOURCE)
    with lab.active():
        inner = module["maker"]()
        assert inner() == 1
    lab.events.clear()
    assert inner() == 2 and lab.events == []
    assert inner.__code__ in module["maker"].__code__.co_consts


def test_no_class_is_kept_alive(lab):
    import weakref

    module = lab.load(SOURCE)
    with lab.active() as sites:
        for site in sites:
            site.cache[module["Thing"]] = 1
    ref = weakref.ref(module.pop("Thing"))
    module.clear()
    gc.collect()
    assert ref() is None


def test_introspection_is_the_same(lab):
    module = lab.load(SOURCE)

    def look(f):
        code = f.__code__
        return (inspect.signature(f), inspect.isgeneratorfunction(f), inspect.iscoroutinefunction(f), code.co_name,
                code.co_varnames, code.co_freevars, code.co_firstlineno, code.co_qualname, code.co_flags)  # fmt: skip

    functions = [v for v in module.values() if isinstance(v, types.FunctionType)]
    plain = [look(f) for f in functions]
    with lab.active():
        assert [look(f) for f in functions] == plain


def test_code_that_cannot_be_rewritten_runs_as_it_is(lab, monkeypatch):
    from pytest_concurrency.instrument import activation

    real = activation.rewrite

    def fails(code, *args):
        if code.co_name == "plain":
            raise NotImplementedError("an instruction of a later Python")
        return real(code, *args)

    monkeypatch.setattr(activation, "rewrite", fails)
    module = lab.load(SOURCE)
    before = module["plain"].__code__
    instrumenter = activation.Instrumenter(lab.hooks, (), (), activation.Cache(), at_once=True)
    with instrumenter.active(lab):
        assert module["plain"].__code__ is before
        module["plain"]()
    assert instrumenter.untouched == {"subject.plain"} and module["total"] == 1


def test_second_activation_comes_from_the_cache(lab, monkeypatch):
    from pytest_concurrency.instrument import activation

    calls = []
    real = activation.rewrite
    monkeypatch.setattr(activation, "rewrite", lambda *args: calls.append(1) or real(*args))
    lab.load(SOURCE)
    instrumenter = activation.Instrumenter(lab.hooks, (), (), activation.Cache(), at_once=True)
    with instrumenter.active(lab):
        pass
    first = len(calls)
    with instrumenter.active(lab):
        pass
    assert first > 10 and len(calls) == first


def test_sites_of_functions_with_one_name_have_different_keys(lab):
    lab.load(
        """
class Thing:
    @property
    def value(self): return self.n
    @value.setter
    def value(self, n): self.n = self.n + n

def both(thing):
    return (lambda: thing.n), (lambda: thing.n)
"""
    )
    with lab.active() as sites:
        keys = [site.key for site in sites]
    assert any(key.endswith("@2") for key in keys)
    assert len(set(keys)) == len(keys)
