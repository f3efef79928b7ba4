"""Which lock a thread waits for, read from its frame: no lock is instrumented and no code of the user is called.

The instruction at which the frame stands has a source range (PEP 657); a wait for a lock is ``with X:`` or
``X.acquire()`` there, and X, as long as it is made of names, attributes and constant subscripts, is looked up without
running anything. A wait that the standard library makes on behalf of its caller (a semaphore, a condition, a logging
handler) is shown at the caller's line.
"""

from __future__ import annotations

import _thread
import ast
import dis
import gc
import inspect
import itertools
import linecache
import os
import sys
import threading
import types
from collections.abc import Iterator
from dataclasses import dataclass

from ..project import is_standard
from ..source import parsed, position_at

_MUTEXES = (type(_thread.allocate_lock()), type(_thread.RLock()))
_LOCKS = (*_MUTEXES, threading.Semaphore, threading.Condition, type(threading.RLock()))
_FACTORIES = frozenset({"Lock", "RLock", "Semaphore", "BoundedSemaphore", "Condition", "allocate_lock"})
_MISSING = object()
_THREADING = os.path.normcase(threading.__file__ or "threading.py")
_OWN = os.path.normcase(os.path.dirname(__file__)) + os.sep
# Waits of threading.py for a signal, not for a mutex: nobody "holds" what they wait for.
_SIGNALS = frozenset({"wait", "wait_for", "join", "_wait_for_tstate_lock", "_wait", "_enter", "start"})


@dataclass(frozen=True, slots=True)
class Home:
    """Where a name lives: a function (its path and name), a class, or a module; ``name`` is the name itself."""

    name: str
    function: tuple[str, str] | None = None
    cls: type | None = None
    module: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Waiting:
    """A thread that stands at a lock: the lock, its source text, (path, line) of the waiting line, and its home."""

    lock: object
    expression: str
    at: tuple[str, int]
    home: Home | None


def waiting_at(frame: types.FrameType) -> Waiting | None:
    """Return the lock that the thread with this top frame waits for, or None where it waits for none that is known."""
    if os.path.normcase(frame.f_code.co_filename).startswith(_OWN):
        return None
    lock: object = None
    here: types.FrameType | None = frame
    while here is not None and os.path.normcase(here.f_code.co_filename) == _THREADING:
        me = here.f_locals.get("self")
        if isinstance(me, threading.Semaphore) and here.f_code.co_name in ("acquire", "__enter__"):
            lock = me
        elif lock is None and here.f_code.co_name in _SIGNALS:
            # A semaphore waits through its condition: only a semaphore further out makes this a lock.
            pass
        elif lock is None and isinstance(me, threading.Condition) and here.f_code.co_name == "__enter__":
            lock = me
        here = here.f_back
    if here is None or (here is not frame and lock is None):
        return None
    node = _waiting_expression(here)
    if lock is None:
        lock = _look_up(node, here) if node is not None else _MISSING
        if not isinstance(lock, _LOCKS):
            return None
    expression = ast.unparse(node) if node is not None else type(lock).__name__
    home = _home(node, here) if node is not None else None
    if isinstance(lock, threading.Condition):
        lock = inspect.getattr_static(lock, "_lock", lock)
    return Waiting(lock, expression, _callers_line(here), home)


def is_held(lock: object) -> bool:
    """Return whether somebody holds the lock right now (true where the type does not tell: a thread waits for it)."""
    if isinstance(lock, _MUTEXES):
        locked = getattr(lock, "locked", None)
        if locked is not None:
            return bool(locked())
        return repr(lock).startswith("<locked")  # RLock has no locked() before Python 3.14
    return True


def created_at(waiting: Waiting) -> tuple[str, int] | None:
    """Return (path, line) of the assignment that created the lock, or None where the sources do not show one.

    The name under which the lock is used is looked for in the function that uses it and those around it, the class, or
    the module; a lock that came as an argument is looked for in whatever module, class or instance holds it.
    """
    homes = (waiting.home,) if waiting.home is not None else ()
    for home in itertools.chain(homes, _holders(waiting.lock)):
        made = _first_assignment(home, makes_lock=True)
        if made is not None:
            return made
    return _first_assignment(homes[0], makes_lock=False) if homes else None


def _first_assignment(home: Home, makes_lock: bool) -> tuple[str, int] | None:
    for path, owner in _sources(home):
        line = _assignment(path, home.name, owner, makes_lock)
        if line is not None:
            return path, line
    return None


def callers_frame(frame: types.FrameType) -> types.FrameType | None:
    """Return the innermost frame that is neither of the standard library nor of this package, or None."""
    here: types.FrameType | None = frame
    while here is not None:
        path = here.f_code.co_filename
        if not is_standard(path) and not os.path.normcase(path).startswith(_OWN):
            return here
        here = here.f_back
    return None


def _callers_line(frame: types.FrameType) -> tuple[str, int]:
    shown = callers_frame(frame) or frame
    return shown.f_code.co_filename, shown.f_lineno or 0


def _waiting_expression(frame: types.FrameType) -> ast.expr | None:
    """Return X where the frame stands at ``with X:`` or ``X.acquire()``, else None."""
    lasti = frame.f_lasti
    if dis.opname[frame.f_code.co_code[lasti]] == "BEFORE_WITH":
        lasti -= 2  # Until Python 3.13 its own range may be the whole statement; X is what was loaded just before.
    position = position_at(frame.f_code, lasti)
    if position is None:
        return None
    line, end_line, column, end_column = position
    if line is None or end_line is None or column is None or end_column is None:
        return None
    lines = [text.encode() for text in linecache.getlines(frame.f_code.co_filename)[line - 1 : end_line]]
    if len(lines) != end_line - line + 1:
        return None
    lines[-1] = lines[-1][:end_column]
    lines[0] = lines[0][column:]
    try:
        node = ast.parse(b"(" + b"".join(lines) + b")", mode="eval").body
    except (SyntaxError, ValueError):
        return None
    if isinstance(node, ast.Call):
        function = node.func
        if isinstance(function, ast.Attribute) and function.attr in ("acquire", "__enter__"):
            return function.value
        return None
    return node if isinstance(node, (ast.Name, ast.Attribute, ast.Subscript)) else None


def _look_up(node: ast.expr, frame: types.FrameType) -> object:
    if isinstance(node, ast.Name):
        for names in (frame.f_locals, frame.f_globals, frame.f_builtins):
            if node.id in names:
                return names[node.id]
        return _MISSING
    if isinstance(node, ast.Attribute):
        return _attribute(_look_up(node.value, frame), node.attr)
    if isinstance(node, ast.Subscript) and isinstance(node.slice, (ast.Constant, ast.Name)):
        container = _look_up(node.value, frame)
        index = node.slice.value if isinstance(node.slice, ast.Constant) else _look_up(node.slice, frame)
        if type(container) in (dict, list, tuple) and type(index) in (int, str):
            try:
                return container[index]  # type: ignore[index]
            except (KeyError, IndexError, TypeError):
                return _MISSING
    return _MISSING


def _attribute(owner: object, name: str) -> object:
    if owner is _MISSING:
        return _MISSING
    value = inspect.getattr_static(owner, name, _MISSING)
    if isinstance(value, types.MemberDescriptorType):
        try:
            return value.__get__(owner, type(owner))
        except AttributeError:
            return _MISSING
    return _MISSING if isinstance(value, property) else value


def _home(node: ast.expr, frame: types.FrameType) -> Home | None:
    """Return where the name (or, for an element, the container's name) lives that the expression ends in."""
    if isinstance(node, ast.Subscript):
        return _home(node.value, frame)
    if isinstance(node, ast.Name):
        code = frame.f_code
        if code.co_name == "<module>" or (node.id not in frame.f_locals and node.id in frame.f_globals):
            return next(_module_names(frame.f_globals.get(node.id), str(frame.f_globals.get("__name__"))), None)
        return Home(node.id, function=(code.co_filename, code.co_name))
    if isinstance(node, ast.Attribute):
        owner = _look_up(node.value, frame)
        if isinstance(owner, types.ModuleType):
            return Home(node.attr, module=owner.__name__)
        return Home(node.attr, cls=owner if isinstance(owner, type) else type(owner))
    return None


def _module_names(value: object, first: str) -> Iterator[Home]:
    """Yield the module-level names of ``value``, those of the module ``first`` before all others."""
    for name in (first, *(each for each in list(sys.modules) if each != first)):
        module = sys.modules.get(name)
        if isinstance(module, types.ModuleType):
            for key, found in list(vars(module).items()):
                if found is value and _assignment(getattr(module, "__file__", None) or "", key, "", False) is not None:
                    yield Home(key, module=name)


def _holders(lock: object) -> Iterator[Home]:
    """Yield where a lock is kept that was handed over as an argument: attributes, then names of modules."""
    for holder in gc.get_referrers(lock):
        if isinstance(holder, (types.ModuleType, types.FrameType, types.CellType, list, tuple, Waiting)):
            continue
        owners = gc.get_referrers(holder) if isinstance(holder, dict) else [holder]
        for owner in owners:
            cls = owner if isinstance(owner, type) else type(owner)
            if cls.__module__ in ("builtins", __name__) or isinstance(owner, types.ModuleType):
                continue
            names = holder if isinstance(holder, dict) else (getattr(owner, "__dict__", None) or dir(cls))
            for name in [name for name in list(names) if isinstance(name, str)]:
                if (holder.get(name) if isinstance(holder, dict) else _attribute(owner, name)) is lock:
                    yield Home(name, cls=cls)
    yield from _module_names(lock, "__main__")


def _sources(home: Home) -> Iterator[tuple[str, str]]:
    """Yield (path, owner) of the sources that may assign the name; owner as :func:`_assignment` takes it."""
    if home.function is not None:
        yield home.function
    for base in home.cls.__mro__ if home.cls is not None else ():
        path = getattr(sys.modules.get(base.__module__), "__file__", None)
        if isinstance(path, str):
            yield path, f"class {base.__name__}"
    if home.module:
        path = getattr(sys.modules.get(home.module), "__file__", None)
        if isinstance(path, str):
            yield path, ""


def _assignment(path: str, name: str, owner: str, makes_lock: bool) -> int | None:
    """Return the line of ``name = ...`` in the module, in the class (also as an attribute), or in the function."""
    tree = parsed("".join(linecache.getlines(path)))
    if tree is None:
        return None
    if owner.startswith("class "):
        roots: list[ast.AST] = [
            node for node in ast.walk(tree) if isinstance(node, ast.ClassDef) and node.name == owner[6:]
        ]
        return next(
            (line for root in roots for line in _lines(root, name, attribute=True, makes_lock=makes_lock)),
            None,
        )
    if owner:
        kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
        inside = [n for n in ast.walk(tree) if isinstance(n, kinds) and _mentions(n, owner)]
        # The innermost function comes last in the walk: its own names hide those of the functions around it.
        return next(
            (line for root in reversed(inside) for line in _lines(root, name, attribute=False, makes_lock=makes_lock)),
            None,
        )
    return next((line for line in _lines(tree, name, attribute=False, flat=True, makes_lock=makes_lock)), None)


def _mentions(node: ast.AST, function: str) -> bool:
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    return any(isinstance(each, kinds) and each.name == function for each in ast.walk(node))


def _lines(root: ast.AST, name: str, *, attribute: bool, makes_lock: bool, flat: bool = False) -> Iterator[int]:
    nodes = root.body if flat and isinstance(root, ast.Module) else ast.walk(root)
    for node in nodes:
        if isinstance(node, ast.Assign):
            targets: list[ast.expr] = node.targets
        elif isinstance(node, ast.AnnAssign) and node.value is not None:
            targets = [node.target]
        else:
            continue
        if makes_lock and not _makes_lock(node.value):
            continue
        for target in targets:
            named = target.id if isinstance(target, ast.Name) else None
            if attribute and isinstance(target, ast.Attribute):
                named = target.attr
            if named == name:
                yield node.lineno


def _makes_lock(value: ast.expr | None) -> bool:
    """Whether a lock is made somewhere in the expression, by its usual name."""
    calls = [node.func for node in ast.walk(value) if isinstance(node, ast.Call)] if value is not None else []
    names = {each.attr if isinstance(each, ast.Attribute) else getattr(each, "id", "") for each in calls}
    return bool(names & _FACTORIES)
