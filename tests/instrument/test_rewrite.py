"""Rewriting: what each kind of instruction tells the hooks, and that the code means what it meant."""

from __future__ import annotations

import bisect
import collections
import heapq
import textwrap
import traceback
import types

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

PRELUDE = """
x = 7
def touch():
    global x
    x = 7
    box.n = 1
class Box:
    n = 1
box = Box()
d = {"k": 1}
l = [1, 2, 3]
"""

TELLS = {
    "global read": ("return x", [("read_global", "x")]),
    "global write": ("global x\nx = 8", [("write_global", "x", 8)]),
    "global delete": ("global x\ndel x", [("write_global", "x", None)]),
    "attribute read": ("return box.n", [("read_attr", "n", "box")]),
    "attribute write": ("box.n = 5", [("write_attr", "n", 5, "box")]),
    "attribute delete": ("box.n = 5\ndel box.n", [("write_attr", "n", 5, "box"), ("write_attr", "n", None, "box")]),
    "augmented attribute": ("box.n += 1", [("read_attr", "n", "box"), ("write_attr", "n", 2, "box")]),
    "item read": ("return d['k']", [("read_item", "", "d", "k")]),
    "item write": ("d['k'] = 2", [("write_item", "", 2, "d", "k")]),
    "item delete": ("del d['k']", [("delete_item", "del", "d", "k")]),
    "augmented item": ("d['k'] += 1", [("read_item", "", "d", "k"), ("write_item", "", 2, "d", "k")]),
    "membership": ("return 'k' in d", [("read_whole", "in", "d")]),
    "iteration": ("for i in l: pass", [("iterate", "iter", "l")]),
    "unpacking": ("a, b, c = l", [("read_whole", "unpack", "l")]),
    "star unpacking": ("return [0, *l]", [("read_whole", "unpack", "l")]),
    "dictionary unpacking": ("return {**d}", [("read_whole", "unpack", "d")]),
    "truth": ("if l: pass", [("read_whole", "truth", "l")]),
    "method": ("l.append(4)", [("method", "append", "l")]),
    "method with a default": ("return d.get('k')", [("method", "get", "d")]),
    "call of a builtin": ("return len(l)", []),
}


@pytest.mark.parametrize(("body", "expected"), TELLS.values(), ids=TELLS.keys())
def test_what_is_told(lab, body, expected):
    module = lab.load(PRELUDE + "def subject():\n" + textwrap.indent(body, "    "))
    known = {name: module[name] for name in ("box", "d", "l")}
    with lab.active():
        module["subject"]()
    wanted = [tuple(known.get(part, part) if i > 1 else part for i, part in enumerate(event)) for event in expected]
    assert [event for event in lab.events if event[0] not in ("step", "called")] == wanted


CALLS = {
    "a function": ("f(1, 2)", "f", 1),
    "a function with a keyword": ("f(1, b=2)", "f", 1),
    "a function with nested calls": ("f(f(1, 2), f(3, 4))", "f", 3),
    "a function with a generator": ("f(f(1, 2), (n for n in pair))", "f", 2),
    "a function beside others": ("f(known(1), known(f(n, n) for n in pair))", "f", 1),
    "a function with a choice": ("f(f(1, 2) if pair else known(2), known([f(n, n) for n in pair]))", "f", 4),
    "a function with starred arguments": ("f(*pair)", "f", 1),
    "a function with all kinds of arguments": ("f(*pair[:1], **{'b': 2})", "f", 1),
    "a method that was kept": ("kept(1)", "kept", 1),
    "a method that the module has kept": ("Kept(1)", "kept", 1),
    "an attribute": ("box.kept(1)", "kept", 1),
    "a method that was kept, with starred arguments": ("kept(*pair[:1])", "kept", 1),
}


@pytest.mark.parametrize(("call", "name", "times"), CALLS.values(), ids=CALLS.keys())
def test_what_is_called_is_told(lab, call, name, times):
    kept = [].append
    given = {"f": lambda a, b: a, "kept": kept, "box": types.SimpleNamespace(kept=kept), "pair": (1, 2)}
    source = f"def known(x): return x\ndef keep(box): box.kept = None\ndef subject({', '.join(given)}): return {call}"
    module = lab.load(source, Kept=kept)
    with lab.active():
        module["subject"](**given)
    told = [event[2] for event in lab.told("called")]
    assert told == [given[name]] * times


def test_functions_and_methods_that_nobody_has_kept_are_not_told(lab):
    module = lab.load("def f(x): return x\ndef subject(box): return f(box.method(len(box.method())), )")
    box = types.SimpleNamespace(method=lambda *_: ())
    with lab.active():
        module["subject"](box)
    assert not lab.told("called")


def test_the_interpreter_may_switch_after_what_a_call_does(lab):
    lab.load("def subject(add):\n    add(1)\n    add(2)")
    with lab.active() as sites:
        first, second = (site for site in sites if site.name == "call")
    assert any(first.offset < point < second.offset for point in first.function.safepoints)


OPERATORS = {
    "a sum": ("left + right", [1], [2]),
    "a union": ("left | right", {1}, {2}),
    "an order": ("left <= right", {1}, {2}),
    "a sum in place": ("left += right", [1], [2]),
}


@pytest.mark.parametrize(("body", "left", "right"), OPERATORS.values(), ids=OPERATORS.keys())
def test_operands_are_told(lab, body, left, right):
    module = lab.load(f"def subject(left, right):\n    {body}")
    with lab.active():
        module["subject"](left, right)
    assert [event[2:] for event in lab.told("operate")] == [(left, right)]


def test_numbers_beside_an_operator_are_not_told(lab):
    module = lab.load("def subject(n):\n    return n + 1 < 5, n - 2.5")
    with lab.active() as sites:
        module["subject"](1)
    assert not sites


@pytest.mark.parametrize("text", ["{items}", "{items!r}", "{items!s:>20}", "{items!r:>{width}}"])
def test_what_a_text_is_made_of_is_told(lab, text):
    module = lab.load(f"def subject(items, width):\n    return f'{text}'")
    with lab.active():
        module["subject"]([1], 20)
    assert ("look_over", "format", [1]) in lab.events


def test_slices(lab):
    module = lab.load("def subject(l):\n    l[0:1] = [5, 6]\n    return l[1:]")
    items = [1, 2]
    with lab.active():
        assert module["subject"](items) == [6, 2]
    assert items == [5, 6, 2]
    assert {event[0] for event in lab.events} <= {"read_whole", "write_whole", "read_item", "write_item"}
    assert len(lab.events) == 2


def test_closure_variables(lab):
    module = lab.load(
        """
        def subject(start):
            n = start
            def add(by):
                nonlocal n
                n += by
                return n
            start += 0
            return add, lambda: start
        """
    )
    with lab.active():
        add, get = module["subject"](1)
        assert (add(2), get()) == (3, 1)
    cells = [(event[0], event[1]) for event in lab.told("read_cell", "write_cell")]
    assert ("read_cell", "n") in cells and ("write_cell", "n") in cells and ("read_cell", "start") in cells
    assert all(type(event[-1]).__name__ == "cell" for event in lab.told("read_cell", "write_cell"))


def test_what_nobody_writes_is_not_told(lab):
    module = lab.load("limit = 3\nclass C:\n    size = 4\ndef subject(c): return limit, c.size")
    with lab.active() as sites:
        assert module["subject"](module["C"]()) == (3, 4)
    assert not sites and lab.events == []


def test_with_statement_enters_the_stand_in(lab):
    class Real:
        def __enter__(self):
            raise AssertionError

        __exit__ = __enter__

    class StandIn:
        def __enter__(self):
            return "entered"

        def __exit__(self, *exc):
            return exc[0] is KeyError

    module = lab.load("def subject(m):\n    with m as got:\n        raise KeyError\n    return got")
    object.__setattr__(lab.hooks, "enter", lambda obj, site: StandIn())
    with lab.active():
        assert module["subject"](Real()) == "entered"


class TestSubstitution:
    def real(self):
        return "real"

    def stand_in(self):
        return "stand-in"

    def loaded(self, lab, source, **names):
        real, stand_in = self.real, self.stand_in
        lab.stand_ins = {id(real): stand_in}
        return lab.load(source, nap=real, **names), real, stand_in

    def test_called_global(self, lab):
        module, _, _ = self.loaded(lab, "def subject(): return nap()")
        with lab.active():
            assert module["subject"]() == "stand-in"
        assert module["subject"]() == "real"

    def test_global_that_is_handed_on(self, lab):
        module, _, stand_in = self.loaded(lab, "def subject(): return [nap]")
        with lab.active():
            assert module["subject"]() == [stand_in]

    def test_a_patch_made_while_active_is_respected(self, lab):
        module, _, _ = self.loaded(lab, "def subject(): return nap()")
        with lab.active():
            module["nap"] = lambda: "patched"
            assert module["subject"]() == "patched"

    def test_a_builtin_is_replaced_where_it_is_called_only(self, lab):
        lab.stand_ins = {id(len): lambda x: "stand-in"}
        module = lab.load("def subject(it): return len('abc'), (len is it)")
        with lab.active(builtins=("len",)):
            assert module["subject"](len) == ("stand-in", True)

    def test_a_local_of_the_same_name_is_left_alone(self, lab):
        lab.stand_ins = {id(len): lambda x: "stand-in"}
        module = lab.load("def subject(len): return len('abc')")
        with lab.active(builtins=("len",)):
            assert module["subject"](str.upper) == "ABC"


LIBRARY = {
    "attribute of a module": ("import heapq\ndef subject(h): heapq.heappush(h, 1)", True),
    "of one with another name": ("import heapq as hq\ndef subject(h): hq.heappush(h, 1)", True),
    "of one that the function imports": ("def subject(h):\n    import heapq\n    heapq.heappush(h, 1)", True),
    "from an inner function": (
        "def subject(h):\n    import heapq\n    def inner(): heapq.heappush(h, 1)\n    inner()", True
    ),
    "with keywords": ("import bisect\ndef subject(h): bisect.insort(a=h, x=1, key=None)", True),
    "with arguments unpacked": ("import heapq\ndef subject(h): heapq.heappush(*(h, 1))", True),
    "handed on": ("import heapq\ndef subject(h): return list(map(heapq.heappush, [h], [1]))", False),
    "kept": ("import heapq\ndef subject(h):\n    push = heapq.heappush\n    push(h, 1)", False),
    "another function": ("import heapq\ndef subject(h): return heapq.nlargest(1, h)", False),
    "method of the program": (
        "class Own:\n    def heappush(self, h, x): return h\nown = Own()\ndef subject(h): own.heappush(h, 1)", False
    ),
}  # fmt: skip


@pytest.mark.parametrize(("source", "seen"), LIBRARY.values(), ids=LIBRARY.keys())
def test_library_function_of_a_module(lab, source, seen):
    lab.library = {id(heapq.heappush): heapq.heappush}
    module = lab.load(source)
    with lab.active():
        module["subject"]([])
    assert [event[2] in (heapq, bisect) for event in lab.told("method")] == [True] * seen


class TestLibraryFunction:
    def loaded(self, lab, source):
        lab.library = {id(heapq.heappush): lambda heap, item: heap.append("stand-in")}
        return lab.load("from heapq import heappush\n" + source)

    def result(self, lab, module):
        with lab.active():
            return module["subject"]([])

    def test_called(self, lab):
        module = self.loaded(lab, "def subject(h):\n    heappush(h, 1)\n    return h")
        assert self.result(lab, module) == ["stand-in"]
        assert module["subject"]([]) == [1]

    def test_handed_on(self, lab):
        module = self.loaded(lab, "def subject(h): return heappush")
        assert self.result(lab, module) is heapq.heappush

    def test_patched(self, lab):
        module = self.loaded(lab, "def subject(h): return heappush(h, 1)")
        with lab.active():
            module["heappush"] = lambda heap, item: "patched"
            assert module["subject"]([]) == "patched"

    def test_of_the_program(self, lab):
        module = self.loaded(lab, "def heappush(heap, item): return 'own'\ndef subject(h): return heappush(h, 1)")
        assert self.result(lab, module) == "own"

    def test_called_by_the_library(self, lab):
        module = self.loaded(lab, "def subject(h):\n    heappush(h, 1)\n    return h")
        lab.is_library = True
        code = module["subject"].__code__
        with lab.active():
            assert module["subject"].__code__ is code


def test_traceback_shows_the_same_lines(lab):
    source = """
    d = {}
    class Box: pass
    box = Box()
    def subject(which):
        d[0] = 1
        if which == 0:
            return d[
                "missing"]
        if which == 1:
            box.n = 1; box.m.n = 2
        for _ in (
            1, 2,
        ):
            raise ValueError(
                d,
            )
    """
    module = lab.load(source)

    def lines(which):
        try:
            module["subject"](which)
        except Exception as error:
            return [
                (type(error), f.lineno, f.end_lineno, f.colno, f.end_colno)
                for f in traceback.extract_tb(error.__traceback__)
                if f.filename == "subject.py"
            ]

    plain = [lines(which) for which in range(3)]
    with lab.active():
        assert [lines(which) for which in range(3)] == plain


def test_local_variables_keep_their_order(lab):
    """The bytecode library would number them by first use, and mistake the sixteenth for the first."""
    names = [f"v{i}" for i in range(14)]
    source = ["d = {}", "def subject():"]
    source += [f"    {name} = {i}" for i, name in enumerate(names)]
    source += ["    try:", "        d['missing']", "    except KeyError:"]
    source += ["        e1 = 100", "        e2 = 200", "        got = (e2, e1)"]
    source += [f"    w{i} = {i}" for i in range(8)]
    source += ["    return got, list(locals().items())"]
    module = lab.load("\n".join(source))
    plain = module["subject"]()
    with lab.active():
        assert module["subject"]() == plain


def test_many_constants_and_far_jumps(lab):
    body = "\n".join(f"    if n == {i}: d[{i}] = d.get({i}, 'v{i}')" for i in range(400))
    module = lab.load(f"d = {{}}\ndef subject(n):\n  for _ in range(2):\n{textwrap.indent(body, '  ')}\n  return d")
    with lab.active():
        assert module["subject"](399) == {399: "v399"}


# -- the same results, whatever the function

STATEMENTS = [
    "g += {n}",
    "box.v = box.v * 2 + {n}",
    "items.append({n})",
    "items[{n} % len(items) if items else 0:] = [{n}]",
    "table[{n} % 3] = table.get({n} % 3, 0) + 1",
    "a, b = b, a + {n}",
    "a, *rest = [*items, {n}, b]",
    "b = sum(i * a for i in items if i in table or i > {n})",
    "b = [y for x in range({n} % 4) for y in (x, b) if y is not None][-1:] or {n}",
    "table = {{**table, 'k': {n}}}",
    "def inner(z=a):\n    nonlocal b\n    b = (b, z, {n})[-1]\n    return b\na = inner() + inner({n})",
    "try:\n    a = items[{n}]\nexcept IndexError as e:\n    a = len(e.args) + {n}\nelse:\n    b = a\nfinally:\n    g += 1",
    "with ctx(log) as got:\n    if {n} % 2:\n        raise KeyError({n})\n    log.append(got)",
    "for i in range({n}):\n    if i == 2:\n        continue\n    if i == 4:\n        break\n    a += i\nelse:\n    a -= 1",
    "while a > {n}:\n    a //= 2\n    a -= 1",
    "match [a, {n}]:\n    case [0, x]:\n        b = x\n    case [x, y] if x in table:\n        b = y\n    case _:\n        b = -1",
    "def gen(k):\n    got = yield k\n    yield from items\n    return got\nlog.extend(gen({n}))",
    "try:\n    raise ExceptionGroup('g', [KeyError({n}), ValueError(a)])\nexcept* KeyError as eg:\n    a = len(eg.exceptions)\nexcept* ValueError:\n    b = {n}",
    "async def co(k):\n    async with actx(log):\n        async for i in agen(k):\n            log.append(i)\n    return [i async for i in agen(2)]\nb = len(drive(co({n} % 5)))",
    "box.f = lambda q, *, w={n}: q + w + g\na = box.f(1)",
    "class Local(Box):\n    attr = {n}\n    def __init__(self):\n        super().__init__()\n        self.__private = g\n    def get(self):\n        return self.__private + self.attr\na = Local().get()",
    "a = (g if {n} % 2 else box.v) and b or (w := {n})",
    "del items[:{n} % 2]",
    "box.t = f'{{a!r:>4}}{{box.v}}'",
    "assert isinstance(items, list), items",
    "d2 = collections.deque(items, maxlen=3); d2.rotate({n}); items = list(d2)",
    "if not items: items = [{n}]",
    "s = {{*items, {n}}}; s.discard(a); b = len(s)",
    "a = sorted(items, key=lambda i: -i)[0] if items else 0",
    "b = min(max(a, {n}), len(table))",
]

FRAME = """
class Box:
    def __init__(self): self.v = 1
class ctx:
    def __init__(self, log): self.log = log
    def __enter__(self): self.log.append("in"); return 1
    def __exit__(self, *e): self.log.append("out"); return e[0] is KeyError
class actx(ctx):
    async def __aenter__(self): return self.__enter__()
    async def __aexit__(self, *e): return self.__exit__(*e)
async def agen(k):
    for i in range(k):
        yield i
def drive(co):
    try:
        while True: co.send(None)
    except StopIteration as stop:
        return stop.value
g = 0
def subject(a, b):
    global g
    g = 1
    box = Box(); items = [3, 1]; table = {}; log = []
%s
    box.__dict__.pop("f", None)
    return a, b, g, vars(box), items, table, log
"""


@st.composite
def functions(draw):
    picked = draw(st.lists(st.sampled_from(STATEMENTS), min_size=1, max_size=6))
    body = "\n".join(text.format(n=draw(st.integers(0, 6))) for text in picked)
    if draw(st.booleans()):
        body = "for again in range(2):\n" + textwrap.indent(body, "    ")
    if draw(st.booleans()):
        body = "try:\n" + textwrap.indent(body, "    ") + "\nfinally:\n    log.append('end')"
    return FRAME % textwrap.indent(body, "    ")


def result_of(module):
    try:
        return repr(module["subject"](2, 3))
    except Exception as error:
        return type(error), str(error), [frame.lineno for frame in traceback.extract_tb(error.__traceback__)
                                         if frame.filename == "subject.py"]  # fmt: skip


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(source=functions())
def test_same_results(lab, source):
    plain = result_of(lab.load(source, collections=collections))
    module = lab.load(source, collections=collections)
    with lab.active():
        assert result_of(module) == plain


def test_a_queues_method_that_is_loaded_to_be_called_later(lab):
    module = lab.load("def f(queue, table):\n    take = queue.get\n    return take(), max('a', key=table.count)\n")
    with lab.active():
        assert module["f"](_Queue(), "a") == (7, "a")
    assert [event[:2] for event in lab.told("loaded")] == [("loaded", "get")]


class _Queue:
    def get(self):
        return 7
