"""A stub: nobody can tell it from the function, and the first call through it is like a direct one."""

from __future__ import annotations

import copy
import gc
import inspect
import pickle
import sys
import threading
import traceback
import types
import weakref

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_concurrency.instrument.activation import Instrumenter
from pytest_concurrency.instrument.cache import Cache
from pytest_concurrency.instrument.deferred import Deferred, current, is_stub, itself, outer
from pytest_concurrency.instrument.stubs import Stubs, can_wait

NAMES = ("a", "b", "c", "d", "e", "f")
needs_312 = pytest.mark.skipif(sys.version_info < (3, 12), reason="such a function is rewritten at once before 3.12")


def stubbed(function):
    """Give ``function`` a stub that is never replaced; return what it has asked for."""
    asked = []
    code = function.__code__
    stub = Stubs().make(code, lambda original: asked.append(original) or original)
    assert stub is not None
    function.__code__ = stub
    return asked


@st.composite
def signatures(draw):
    """The source of a parameter list and of matching arguments."""
    count = draw(st.integers(0, 5))
    kinds = sorted(draw(st.lists(st.sampled_from([0, 1, 3]), min_size=count, max_size=count)))
    star = draw(st.booleans())
    others = draw(st.booleans())
    parameters, passed, defaulted = [], [], False
    for number, kind in enumerate(kinds):
        name = NAMES[number]
        if kind == 3 and (not number or kinds[number - 1] != 3):
            parameters.append("*args" if star else "*")
            defaulted = False
        defaulted = draw(st.booleans()) or (defaulted and kind != 3)
        parameters.append(f"{name}={number * 10}" if defaulted else name)
        if not defaulted or draw(st.booleans()):
            if kind == 0:
                passed.append(f"{name}_value")
            else:
                passed.append(f"{name}={name}_value")
        if kind == 0 and (number + 1 == count or kinds[number + 1] != 0):
            parameters.append("/")
    given_by_keyword = any("=" in argument for argument in passed)
    positional = [argument for argument in passed if "=" not in argument]
    full = len(positional) == kinds.count(0) and not kinds.count(1)
    if star and 3 not in kinds:
        parameters.append("*args")
    if star and full and not (given_by_keyword and kinds.count(1)):
        positional += ["'more'"] * draw(st.integers(0, 2))
    keywords = [argument for argument in passed if "=" in argument]
    if others:
        parameters.append("**kwargs")
        keywords += ["z='other'"] * draw(st.integers(0, 1))
    return ", ".join(parameters), ", ".join([*positional, *keywords])


@settings(max_examples=80, deadline=None)
@given(signatures(), st.integers(0, 2), st.integers(0, 2))
def test_call_is_that_of_the_function(signature, cells, extra):
    parameters, passed = signature
    outer_names = [f"v{number}" for number in range(cells)]
    source = (
        f"def outer({', '.join(outer_names)}):\n"
        f" def function({parameters}):\n"
        f"  'what it does'\n"
        f"  names = sorted(locals().items())\n"
        + "".join(f"  x{number} = {number}\n" for number in range(extra))
        + f"  return names, [{', '.join(outer_names)}], (lambda: names)()\n"
        f" return function\n"
    )
    space = {f"{name}_value": f"value of {name}" for name in NAMES}
    exec(source, space)
    function = space["outer"](*range(cells))
    space["function"] = function
    if not can_wait(function.__code__):
        return
    call = compile(f"function({passed})", "<call>", "eval")
    plain = eval(call, space), inspect.signature(function), look(function)
    original = function.__code__
    asked = stubbed(function)
    assert (eval(call, space), inspect.signature(function), look(function)) == plain
    assert asked == [original]
    duplicate = types.FunctionType(
        function.__code__, function.__globals__, closure=function.__closure__, argdefs=function.__defaults__
    )
    assert duplicate.__doc__ == "what it does"


def look(function):
    code = function.__code__
    return (
        code.co_argcount, code.co_posonlyargcount, code.co_kwonlyargcount, code.co_varnames, code.co_cellvars,
        code.co_freevars, code.co_nlocals, code.co_flags, code.co_name, code.co_qualname, code.co_filename,
        code.co_firstlineno, code.co_names,
    )  # fmt: skip


def test_source_is_found_and_no_line_is_traced():
    def function(a):
        return a + 1

    source = inspect.getsource(function)
    lines = []

    def trace(frame, event, argument):
        lines.append((event, frame.f_lineno)) if frame.f_code is function.__code__ else None
        return trace

    stubbed(function)
    assert inspect.getsource(function) == source
    before = sys.gettrace()
    sys.settrace(trace)
    try:
        assert function(1) == 2
    finally:
        sys.settrace(before)
    assert not [line for event, line in lines if event == "line"]


class Thing:
    pass


def test_arguments_die_as_early_as_in_a_direct_call():
    def function(thing, *, other):
        references = weakref.ref(thing), weakref.ref(other)
        counts = sys.getrefcount(thing), sys.getrefcount(other)
        del thing, other
        return [reference() for reference in references], counts

    direct = function(Thing(), other=Thing())
    stubbed(function)
    found = function(Thing(), other=Thing())
    assert found == direct
    assert direct[0] == [None, None]


@needs_312
def test_arguments_of_an_open_list_die_as_early_as_in_a_direct_call():
    def function(*things, **others):
        references = weakref.ref(things[0]), weakref.ref(others["x"])
        del things, others
        return [reference() for reference in references]

    direct = function(Thing(), x=Thing())
    stubbed(function)
    found = function(Thing(), x=Thing())
    assert found == direct == [None, None]


class Frozen(Exception):
    def __setattr__(self, name, value):
        raise AttributeError(name)


@pytest.mark.parametrize("kind", [ValueError, KeyboardInterrupt, GeneratorExit, Frozen])
def test_traceback_is_that_of_a_direct_call(kind):
    def inner():
        raise kind("no")

    def function():
        try:
            inner()
        except ValueError as error:
            raise LookupError from error

    def shown():
        try:
            function()
        except BaseException as error:
            return traceback.format_exc(), sys.exc_info()[1] is error, error.__context__

    direct = shown()
    for each in (inner, function):
        stubbed(each)
    found = shown()
    assert found[:2] == direct[:2] and type(found[2]) is type(direct[2])


def test_interruption_while_rewriting_leaves_no_frame_of_ours():
    def function():
        raise AssertionError("not reached")

    def interrupted(code):
        raise KeyboardInterrupt

    function.__code__ = Stubs().make(function.__code__, interrupted)
    with pytest.raises(KeyboardInterrupt) as caught:
        function()
    assert [entry.name for entry in caught.traceback] == ["test_interruption_while_rewriting_leaves_no_frame_of_ours"]


def test_super_closures_and_copies():
    class Base:
        def who(self):
            return "base"

    class Derived(Base):
        def who(self):
            return "derived " + super().who()

    def maker(n):
        def inner(by=1):
            nonlocal n
            n += by
            return n

        return inner

    inner = maker(5)
    twin = maker(50)
    for function in (Base.who, Derived.who, inner):
        stubbed(function)
    assert Derived().who() == "derived base"
    assert (inner(), inner(by=3)) == (6, 9)
    other = types.FunctionType(inner.__code__, {"__name__": "elsewhere"}, closure=twin.__closure__, argdefs=(7,))
    assert (other(), inner()) == (57, 10)


def test_looks_at_callers_find_them():
    def function():
        frame = sys._getframe()
        return frame.f_back.f_code, outer(frame).f_code

    stub = stubbed(function) or function.__code__
    me = sys._getframe().f_code
    assert function() == (stub, me)
    assert is_stub(stub) and not is_stub(me)


def test_what_runs_by_now():
    def function():
        pass

    original = function.__code__
    replacement = original.replace(co_name="other")
    function.__code__ = Stubs().make(original, lambda code: replacement)
    stub = function.__code__
    assert current(stub) is original and current(None) is None
    function()
    assert current(stub) is replacement and current(replacement) is replacement


def test_generators_and_coroutines_get_none():
    def generator():
        yield

    async def coroutine():
        pass

    async def both():
        yield

    assert not any(can_wait(function.__code__) for function in (generator, coroutine, both))
    many = ", ".join(f"p{number}" for number in range(40))
    space = {}
    exec(f"def function({many}): pass", space)
    assert not can_wait(space["function"].__code__)
    assert not can_wait(compile("x = 1", "<module>", "exec"))


def test_constant_is_copied_as_what_asks_nobody():
    deferred = Deferred(test_what_runs_by_now.__code__, lambda code: None)
    again = copy.copy(deferred)
    assert again.original is deferred.original and again() is not None
    with pytest.raises(TypeError):
        pickle.dumps(deferred)  # as the code itself
    assert itself(deferred.original) is deferred.original


# -- in an instrumented module

SOURCE = """
import functools
total = 0

def plain():
    global total
    total += 1
    return total

def chain(n):
    return chain(n - 1) + plain() if n else 0

def decorate(function):
    def wrapper(thing): return function(thing)
    return wrapper

@decorate
def decorated(thing): thing.n += 1

@decorate
def other(thing): thing.n += 2

class Thing:
    def __init__(self): self.n = 0
    def __add__(self, other): self.n += other; return self
    @property
    def value(self): return self.n
    @value.setter
    def value(self, n): self.n = self.n + n
    def __del__(self): plain()
"""


def waiting(module):
    return sorted(
        function.__qualname__
        for function in gc.get_objects()
        if type(function) is types.FunctionType and function.__globals__ is module and is_stub(function.__code__)
    )


def test_only_what_is_called_is_rewritten(lab):
    module = lab.load(SOURCE)
    with lab.active(at_once=False) as sites:
        assert len(sites) == 0 and "plain" in waiting(module)
        assert module["plain"]() == 1
        assert "plain" not in waiting(module) and "chain" in waiting(module)
        assert {site.qualname for site in sites} == {"plain"}
        module["decorated"](module["Thing"]())
        assert lab.told("read_attr")
        wrappers = [module["decorated"], module["other"]]
        assert not any(is_stub(function.__code__) for function in wrappers)
    assert waiting(module) == []


def test_recursion_meets_the_stub_once(lab):
    module = lab.load(SOURCE)
    codes = []

    def note(site):
        codes.append(is_stub(sys._getframe(1).f_back.f_code))

    lab.hooks = lab.hooks.__class__(**{**{n: getattr(lab.hooks, n) for n in lab.hooks.__slots__}, "step": note})
    with lab.active(at_once=False):
        module["chain"](5)
    assert codes.count(True) <= 2 and codes.count(False) > 5


def test_keys_do_not_depend_on_what_is_called_first(lab):
    module = lab.load(SOURCE)

    def keys(*order):
        lab.load(SOURCE)
        with lab.active(at_once=False) as sites:
            thing = lab.module["Thing"]()
            for use in order:
                use(thing)
            return {site.key for site in sites if "value" in site.qualname}

    def read(thing):
        return thing.value

    def write(thing):
        thing.value = 3

    first, second = keys(read, write), keys(write, read)
    assert first == second and {key.partition("@")[2] for key in first} == {"", "2"}
    assert keys(write) < first and module is not lab.module


def test_sites_that_are_asked_for_are_there(lab):
    module = lab.load(SOURCE)
    with lab.active(at_once=True) as sites:
        wanted = {site.key for site in sites if site.qualname == "Thing.value"}
    with lab.active(at_once=False) as sites:
        sites.find(frozenset({*wanted, "subject:nothing:read attr n#0"}))
        assert wanted <= sites.keys and wanted <= sites.live_keys()
        assert module["Thing"].value.fget.__code__ is not None and not is_stub(module["Thing"].value.fget.__code__)
        assert "plain" in waiting(module)


def test_threads_that_come_at_once_get_the_same(lab):
    module = lab.load(SOURCE)
    gate = threading.Barrier(8)
    codes = []

    def call():
        gate.wait()
        module["plain"]()
        codes.append(module["plain"].__code__)

    with lab.active(at_once=False) as sites:
        threads = [threading.Thread(target=call) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(set(codes)) == 1 and not is_stub(codes[0])
        assert len({site.key for site in sites}) == len(sites)
    assert not is_stub(module["plain"].__code__)


def test_copy_of_a_stub_is_put_back(lab):
    module = lab.load(SOURCE)
    original = module["plain"].__code__
    with lab.active(at_once=False):
        duplicate = types.FunctionType(module["plain"].__code__, module)
        assert duplicate() == 1 and lab.told("read_global")
    assert duplicate.__code__ is original


def test_interrupted_rewriting_is_taken_up_again(lab, monkeypatch):
    from pytest_concurrency.instrument import activation

    module = lab.load(SOURCE)
    real = activation.rewrite
    interruptions = [KeyboardInterrupt]

    def interrupted(*args):
        if interruptions:
            raise interruptions.pop()
        return real(*args)

    monkeypatch.setattr(activation, "rewrite", interrupted)
    with lab.active(at_once=False):
        with pytest.raises(KeyboardInterrupt):
            module["plain"]()
        assert module["plain"]() == 1 and lab.told("read_global")
    assert not is_stub(module["plain"].__code__)


def test_rewriter_may_call_what_is_put_off(lab, monkeypatch):
    from pytest_concurrency.instrument import activation

    module = lab.load(SOURCE)
    real = activation.rewrite

    def uses_the_program(*args):
        module["plain"]()
        return real(*args)

    monkeypatch.setattr(activation, "rewrite", uses_the_program)
    with lab.active(at_once=False):
        module["plain"]()
    assert module["total"] > 1 and not is_stub(module["plain"].__code__)


def test_next_of_many_tests_gets_rewritten_code(lab):
    module = lab.load(SOURCE)
    lab.area, lab.modules = lab.area, lambda: frozenset()
    instrumenter = Instrumenter(lab.hooks, (), (), Cache())
    original = module["plain"].__code__
    gc.disable()
    try:
        for number in range(3):
            with instrumenter.active(lab, many=True):
                assert is_stub(module["plain"].__code__) == (number == 0)
                assert is_stub(module["chain"].__code__) == (number < 2)
                module["plain"]()
                if number:
                    module["chain"](1)
            assert module["plain"].__code__ is original
    finally:
        gc.enable()
    assert waiting(module) == []


LOOKS = {
    "at a depth": "sys._getframe(2).f_code",
    "at all of the stack": "[step.name for step in traceback.extract_stack()][-3:]",
    "up the stack": "up(sys._getframe(), 3)",
    "from a generator": "next(names())",
    "in a comprehension": "[sys._getframe(n).f_code.co_name for n in (2, 3)]",
}
LOOKING = """
import sys, traceback, functools

def up(frame, n):
    while n:
        frame, n = frame.f_back, n - 1
    return frame.f_code

def names():
    yield sys._getframe(2).f_code
    while True:
        for n in range(2): yield sys._getframe(n)
        break

def looks():
    return {look}

def through(again=0):
    return through(again - 1) if again else looks()

def around(*given):
    return through(*given)
"""


@pytest.mark.parametrize("look", LOOKS.values(), ids=LOOKS.keys())
def test_no_stub_is_seen_once_nothing_is_disturbed(lab, look):
    """What looks at the stack is run again until no stub was there; all else stays as it is."""
    module = lab.load(SOURCE + LOOKING.replace("{look}", look))
    plain = [module["around"](0), module["around"](1)]
    instrumenter = Instrumenter(lab.hooks, (), (), Cache())
    for _ in range(2):
        with instrumenter.active(lab) as sites:
            module["plain"]()
            assert not sites.disturbed and "chain" in waiting(module)
            rounds = 0
            for given, expected in zip((0, 1), plain, strict=True):
                while True:
                    found = module["around"](given)
                    if not sites.disturbed:
                        break
                    sites.settle()
                    rounds += 1
                    assert not sites.disturbed and rounds < 5
                assert instrumenter_original(instrumenter, found) == expected
            assert "chain" in waiting(module)


def instrumenter_original(instrumenter, found):
    return instrumenter._cache.by_replacement(found) or found if isinstance(found, types.CodeType) else found


def test_lines_of_what_looks_are_traced_as_ever(lab):
    module = lab.load(SOURCE + LOOKING.replace("{look}", LOOKS["from a generator"]))

    def traced():
        events = []

        def trace(frame, event, argument):
            if frame.f_globals is module:
                events.append((event, frame.f_code.co_name, frame.f_lineno))
                return trace

        before = sys.gettrace()
        sys.settrace(trace)
        try:
            module["looks"]()
            list(module["names"]())
        finally:
            sys.settrace(before)
        return events

    plain = traced()
    with Instrumenter(lab.hooks, (), (), Cache()).active(lab):
        module["looks"]()
        list(module["names"]())
        assert traced() == plain


def test_stub_above_what_looks_is_noticed(lab):
    """A function that names a level is looking while it calls others."""
    source = """
        import warnings
        def tell(number):
            options = {"stacklevel": number}
            return hand(options) if number else 0
        def hand(options):
            return passed(options)
        def passed(options):
            warnings.warn("old", **options)
    """
    module = lab.load(source)
    with Instrumenter(lab.hooks, (), (), Cache()).active(lab) as sites:
        module["tell"](0)
        if sites.disturbed:
            sites.settle()
        with pytest.warns(UserWarning):
            module["tell"](2)
        assert sites.disturbed
        sites.settle()
        with pytest.warns(UserWarning):
            module["tell"](2)
        assert not sites.disturbed


def test_code_that_is_asked_for_is_that_which_runs(lab):
    source = "\ndef asked():\n    return plain.__code__, Thing().__init__.__code__, decorated.__code__, len.__doc__\n"
    module = lab.load(SOURCE + source)
    with Instrumenter(lab.hooks, (), (), Cache()).active(lab) as sites:
        codes = module["asked"]()
        assert not sites.disturbed and "chain" in waiting(module) and not any(map(is_stub, codes[:3]))
        module["plain"]()
        module["decorated"](module["Thing"]())
        assert module["asked"]() == codes


@pytest.mark.parametrize("look", ["sys._current_frames()", "sys.settrace(None)", "getattr(plain, '__code__')"])
def test_what_may_see_any_stub_has_all_rewritten(lab, look):
    module = lab.load(SOURCE + f"\nimport sys\ndef looks():\n    return {look}\n")
    instrumenter = Instrumenter(lab.hooks, (), (), Cache())
    before = sys.gettrace()
    try:
        with instrumenter.active(lab) as sites:
            module["looks"]()
            assert sites.disturbed and "chain" in waiting(module)
            sites.settle()
            assert not sites.disturbed and waiting(module) == []
            module["looks"]()
            assert not sites.disturbed
        with instrumenter.active(lab) as sites:
            assert waiting(module) == []
    finally:
        sys.settrace(before)


def test_stub_that_stays_disturbs_no_more_than_so_often(lab):
    module = lab.load(SOURCE + "\nimport sys\ndef looks():\n    return sys._getframe(2)\ndef calls(): return looks()\n")
    with Instrumenter(lab.hooks, (), (), Cache()).active(lab) as sites:
        duplicate = types.FunctionType(module["calls"].__code__, module)
        for _ in range(sites.PATIENCE):
            duplicate()
            assert sites.disturbed
            sites.settle()
        duplicate()
        assert not sites.disturbed and waiting(module) == ["calls"]  # the copy's


def test_what_looks_at_its_caller_only_is_rewritten_at_once(lab):
    module = lab.load(SOURCE + "\nimport sys\ndef looks():\n    return sys._getframe(1).f_code\n")
    with lab.active(at_once=False) as sites:
        assert "looks" not in waiting(module) and "plain" in waiting(module)
        assert module["looks"]() is sys._getframe().f_code and not sites.disturbed
