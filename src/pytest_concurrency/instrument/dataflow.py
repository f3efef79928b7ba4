"""Which reads a written value is computed from.

A forward abstract interpretation of one function's bytecode. Every stack entry and local variable carries the set of
read sites that its value was computed from *on every path* (a must-analysis: paths are joined by intersection), so
that ``x = x or make()`` is not taken for an update, while ``tmp = x; ...; x = tmp + 1`` is. A local variable that is
not yet bound on a path does not count there: reading it would raise. What is not understood (the stack of an exception
handler, mismatched depths) carries nothing: the analysis can miss a dependence, never invent one.
"""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence

from bytecode import Instr, Label
from bytecode.instr import TryBegin, TryEnd

from .sites import ATTR, CALL, CELL, GLOBAL, ITEM, METHOD, READ, STEP, WRITE, Site

Taint = frozenset[Site]
EMPTY: Taint = frozenset()
_LOADS = frozenset({"LOAD_FAST", "LOAD_FAST_BORROW", "LOAD_FAST_CHECK"})
_PAIR_LOADS = frozenset({"LOAD_FAST_LOAD_FAST", "LOAD_FAST_BORROW_LOAD_FAST_BORROW"})
_INTO_CONTAINER = frozenset(
    {"LIST_APPEND", "SET_ADD", "MAP_ADD", "LIST_EXTEND", "SET_UPDATE", "DICT_UPDATE", "DICT_MERGE"}
)
_STORED = frozenset({ATTR, CELL, GLOBAL, ITEM})
_FRESH = frozenset({"YIELD_VALUE", "SEND", "GET_AWAITABLE", "IMPORT_NAME", "MAKE_FUNCTION"})
_MAX_STEPS = 20_000
_SHORT = 100
"""Instructions of a function that may be a getter or a setter; longer ones are not asked."""

_State = tuple[tuple[Taint, ...], Mapping[str, Taint]]


def link_updates(
    code: Sequence[object], sites: Mapping[int, Site], arguments: Sequence[str] = (), *, returns: bool = False
) -> None:
    """Fill ``derived`` of the write sites among ``sites`` (instruction index to site) of one function, whose
    parameters are called ``arguments``; and where it ``returns`` a value to its caller, unlike a generator, what
    goes through the caller: ``returned`` and ``given``."""
    reads = {(s.kind if s.kind != METHOD else "item", s.name if s.kind != METHOD else "") for s in sites.values()
             if s.action == READ}  # fmt: skip
    writes = [s for s in sites.values() if s.action != READ and (s.kind, s.name) in reads]
    through_caller = returns and len(code) <= _SHORT
    if not writes and not through_caller:
        return
    if through_caller:
        found = _link_through_caller(code, sites, arguments, reads)
    else:
        found = _interpret(code, sites, dict.fromkeys(arguments, EMPTY))
    for site in writes:
        sources = tuple(source for source in found.get(site, EMPTY) if _same_target(source, site))
        if sources:
            site.derived = tuple(sorted(sources, key=lambda s: s.offset))
            for source in sources:
                source.is_source = True


def _link_through_caller(
    code: Sequence[object], sites: Mapping[int, Site], arguments: Sequence[str], reads: Container[tuple[str, str]]
) -> dict[Site, Taint]:
    """Fill ``returned`` and ``given``; return what each write site is computed from."""
    parameters = {name: pseudo_site(READ, name) for name in arguments}
    end = pseudo_site(WRITE, "return")
    ends = {i: end for i, entry in enumerate(code) if isinstance(entry, Instr) and _returns(entry, code[i - 1])}
    found = _interpret(code, {**sites, **ends}, {name: frozenset((site,)) for name, site in parameters.items()})
    for source in found.get(end, EMPTY).difference(parameters.values()):
        source.returned = source.is_source = True
    for site in sites.values():
        # A function that reads what it writes decides for itself: the value given may be one that it has checked.
        if site.action == WRITE and site.kind in _STORED and (site.kind, site.name) not in reads:
            taint = found.get(site, EMPTY)
            site.given = tuple(name for name, parameter in parameters.items() if parameter in taint)
    return found


def _returns(entry: Instr, previous: object) -> bool:
    """Say whether ``entry`` returns something, and not None, as every ``with`` does that suppresses an exception."""
    if entry.name == "RETURN_CONST":
        return entry.arg is not None
    if entry.name != "RETURN_VALUE" or not isinstance(previous, Instr):
        return entry.name == "RETURN_VALUE"
    if previous.name == "LOAD_COMMON_CONSTANT":  # None is one from 3.15 on
        return getattr(previous.arg, "name", "") != "CONSTANT_NONE"
    return previous.name != "LOAD_CONST" or previous.arg is not None


def passes_on(code: Sequence[object], made: int, used: int, depth: int) -> bool:
    """Say whether, on every path, what instruction ``made`` pushes is in what instruction ``used`` finds as the entry
    ``depth`` (from 1) below the top of its stack."""
    mark, sink = pseudo_site(READ, "made"), pseudo_site(WRITE, "used")
    probe = [Instr("COPY", depth), Instr("STORE_GLOBAL", "_")]
    watched = [*code[:used], *probe, *code[used:]]
    sites = {made if made < used else made + len(probe): mark, used + 1: sink}
    return mark in _interpret(watched, sites, {}).get(sink, EMPTY)


def pseudo_site(action: str, name: str) -> Site:
    """Return a site for the analysis alone: it stands for an instruction that is not instrumented."""
    return Site("value", action, name, name, "", 0, "", -1, False)


def _same_target(read: Site, write: Site) -> bool:
    if read.kind == METHOD:
        return write.kind == "item"
    return read.kind == write.kind and read.name == write.name


def _join(a: _State, b: _State) -> _State | None:
    """Return the intersection of two states, or None where it equals ``a``."""
    stack = a[0]
    if len(a[0]) == len(b[0]):
        stack = tuple(x & y for x, y in zip(a[0], b[0], strict=True))
    else:
        depth = min(len(a[0]), len(b[0]))
        stack = tuple(x & y for x, y in zip(a[0][-depth:], b[0][-depth:], strict=True)) if depth else ()
    names = {**b[1], **{n: t & b[1][n] if n in b[1] else t for n, t in a[1].items()}}
    if stack == a[0] and names == a[1]:
        return None
    return stack, names


def _interpret(code: Sequence[object], sites: Mapping[int, Site], bound: Mapping[str, Taint]) -> dict[Site, Taint]:
    labels = {entry: index for index, entry in enumerate(code) if isinstance(entry, Label)}
    before: dict[int, _State] = {}
    found: dict[Site, Taint] = {}
    work: list[int] = []

    def flow(index: int, state: _State) -> None:
        if index >= len(code):
            return
        known = before.get(index)
        if known is None:
            before[index] = state
            work.append(index)
            return
        joined = _join(known, state)
        if joined is not None:
            before[index] = joined
            work.append(index)

    handlers = _handlers(code)
    flow(0, ((), bound))
    steps = 0
    while work:
        steps += 1
        if steps > _MAX_STEPS:
            return {}
        index = work.pop()
        entry = code[index]
        state = before[index]
        if not isinstance(entry, Instr):
            flow(index + 1, state)
            continue
        handler = handlers.get(index)
        if handler is not None:
            flow(labels[handler], ((), state[1]))
        if entry.has_jump():
            flow(labels[entry.arg], _step(entry, state, sites.get(index), found, True))  # type: ignore[index]
        if not (entry.is_final() or entry.is_uncond_jump()):
            flow(index + 1, _step(entry, state, sites.get(index), found, False))
        elif entry.is_final() and index in sites:  # a return: nothing follows, but a value is taken
            _step(entry, state, sites[index], found, False)
    return found


def _handlers(code: Sequence[object]) -> dict[int, Label]:
    """Return the exception handler of each instruction that has one."""
    handlers: dict[int, Label] = {}
    current: Label | None = None
    for index, entry in enumerate(code):
        if isinstance(entry, TryBegin):
            current = entry.target
        elif isinstance(entry, TryEnd):
            current = None
        elif current is not None:
            handlers[index] = current
    return handlers


def _pair(arg: object) -> tuple[object, object]:
    """Return the two names that a paired instruction carries."""
    if not isinstance(arg, tuple):
        raise TypeError(f"not a pair of names: {arg!r}")
    first, second = arg
    return first, second


def _step(entry: Instr, state: _State, site: Site | None, found: dict[Site, Taint], jump: bool) -> _State:
    stack = list(state[0])
    names = state[1]
    name = entry.name

    def pop() -> Taint:
        return stack.pop() if stack else EMPTY

    if name in _LOADS:
        stack.append(names.get(str(entry.arg), EMPTY))
    elif name in _PAIR_LOADS:
        first, second = _pair(entry.arg)
        stack += [names.get(str(first), EMPTY), names.get(str(second), EMPTY)]
    elif name == "STORE_FAST":
        names = {**names, str(entry.arg): pop()}
    elif name == "STORE_FAST_STORE_FAST":
        first, second = _pair(entry.arg)
        names = {**names, str(first): pop()}
        names = {**names, str(second): pop()}
    elif name == "STORE_FAST_LOAD_FAST":
        first, second = _pair(entry.arg)
        names = {**names, str(first): pop()}
        stack.append(names.get(str(second), EMPTY))
    elif name in ("DELETE_FAST", "LOAD_FAST_AND_CLEAR"):
        if name == "LOAD_FAST_AND_CLEAR":
            stack.append(names.get(str(entry.arg), EMPTY))
        names = {n: taint for n, taint in names.items() if n != entry.arg}
    elif name in _INTO_CONTAINER:
        added = EMPTY.union(*(pop() for _ in range(2 if name == "MAP_ADD" else 1)))
        depth = int(entry.arg)  # type: ignore[arg-type]
        if len(stack) >= depth:
            stack[-depth] |= added
    elif name == "COPY":
        depth = int(entry.arg)  # type: ignore[arg-type]
        stack.append(stack[-depth] if len(stack) >= depth else EMPTY)
    elif name == "SWAP":
        depth = int(entry.arg)  # type: ignore[arg-type]
        while len(stack) < depth:
            stack.insert(0, EMPTY)
        stack[-1], stack[-depth] = stack[-depth], stack[-1]
    else:
        pops, pushes = entry.pre_and_post_stack_effect(jump if entry.has_jump() else None)
        if pops > 0:  # the library gives (net effect, 0) for instructions that only push
            pops, pushes = 0, pushes + pops
        if name == "LOAD_METHOD":
            pops, pushes = -1, 2
        elif name == "CALL":
            pops, pushes = -int(entry.arg) - 2, 1  # type: ignore[arg-type]
        elif name == "RETURN_VALUE":  # from 3.14 on its effect is counted as none
            pops, pushes = -1, 0
        elif name == "PRECALL":  # 3.11: its effect is counted with that of CALL
            pops, pushes = 0, 0
        elif name in _FRESH and pops == pushes == 0:
            pops, pushes = -1, 1
        taken = [pop() for _ in range(-pops)]
        if site is not None and site.action != READ:
            # The value is the lowest operand of every store; it is popped last.
            value = taken[-1] if taken else EMPTY
            found[site] = found[site] & value if site in found else value
        if site is not None and site.action == READ and site.kind not in (CALL, METHOD, STEP):
            result = frozenset((site,))
        elif site is not None and site.kind == METHOD:
            result = frozenset((site,)) if site.action == READ else EMPTY
        elif name in _FRESH:
            result = EMPTY
        else:
            result = EMPTY.union(*taken)
        stack += [result] * pushes
    return tuple(stack), names
