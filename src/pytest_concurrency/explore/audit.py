"""Which calls of a test's code leave what the announced operations tell: with one, no exploration is a proof.

Partial order reduction rests on knowing what every operation touches. A function of a library, or one written in C,
may touch anything: unless it is known to be harmless or is announced itself, it is a reason for doubt.
"""

from __future__ import annotations

import _thread
import collections
import dis
import sys
import threading
import types
from array import array
from collections.abc import Callable
from typing import Any

from ..instrument.scope import is_tooling
from ..instrument.vocabulary import ANNOUNCED_CALLS, CONTAINER_METHODS
from ..monitoring import free_tool
from ..own_dict import own_dict
from ..primitives import builtin_calls, library_calls
from ..project import is_standard
from ..runtime.hooks import container_calls
from ..source import PACKAGE
from ..state import STATE
from ..strategies.precise import Precise

_ENGINE = __name__.partition(".")[0] + "."
_MONITORING: Any = getattr(sys, "monitoring", None)
_STAND_INS = frozenset({builtin_calls.__file__, container_calls.__file__, library_calls.__file__})
"""Files of functions that are called instead of others, and call these: what those call, the program calls."""
_IMMUTABLE = frozenset({str, bytes, int, float, complex, bool, tuple, frozenset, range, type(None), slice})
_CONTAINERS = (dict, list, set, collections.deque, bytearray, array)
_MADE = frozenset(
    {object, int, float, complex, str, bytes, bool, range, slice, list, dict, set, tuple, frozenset, bytearray}
    | {collections.deque, collections.defaultdict, collections.OrderedDict, enumerate, zip, reversed, super, type}
    | {_thread.RLock, type(_thread.allocate_lock())}
)
_LAZY = frozenset({object, enumerate, zip, reversed, super, type})
"""Those of them that read nothing when they are made."""
_LOCKS = (type(_thread.allocate_lock()), _thread.RLock)
_HARMLESS = frozenset({"isinstance", "issubclass", "id", "callable", "allocate_lock", "get_ident", "RLock"})
_OF_VALUES = frozenset({"abs", "ord", "chr", "round", "divmod", "pow", "hash", "repr", "len", "min"})
_UNKNOWN = object()
_CHAINED = frozenset({"join", "format", "format_map"})
"""Methods of immutable objects that look into their arguments."""
_MODULES = frozenset({"threading", "queue"})
_FUNCTIONS = frozenset({"current_thread", "get_ident", "Thread.__init__"})
_BUILTINS = (types.BuiltinFunctionType, types.MethodDescriptorType, types.WrapperDescriptorType,
             types.MethodWrapperType)  # fmt: skip


def call_doubt(function: Any, first: Any, files: frozenset[str]) -> str:
    """Return why a call of ``function`` with the first argument ``first`` may touch what is not announced, or "".

    ``files`` are the files whose code is instrumented.
    """
    if isinstance(function, types.MethodType):
        return call_doubt(function.__func__, function.__self__, files)
    if isinstance(function, types.FunctionType):
        if function.__code__.co_filename in files or (function.__module__ or "").startswith(_ENGINE):
            return ""
        return "" if _is_announced(function) else _named(function)
    if isinstance(function, type):
        return _making_doubt(function, files) or _reading_doubt(function, first)
    if isinstance(function, _BUILTINS):
        return _builtin_doubt(function, first)
    method = getattr(type(function), "__call__", None)  # noqa: B004
    return call_doubt(method, function, files) if isinstance(method, types.FunctionType) else _named(type(function))


def _named(function: Any) -> str:
    name = getattr(function, "__qualname__", None) or repr(function)
    return f"the effects of {name}() are not known"


def _is_announced(function: types.FunctionType) -> bool:
    if function.__module__ not in _MODULES:
        return False
    owner, _, name = function.__qualname__.partition(".")
    known = ANNOUNCED_CALLS.get(function.__module__, {}).get(owner, ())
    return name in known or function.__qualname__ in _FUNCTIONS or name in ("__enter__", "__exit__")


def _making_doubt(cls: type, files: frozenset[str]) -> str:
    if cls in _MADE or issubclass(cls, BaseException) or cls.__module__ in _MODULES:
        return ""
    for base in cls.__mro__:
        module = sys.modules.get(base.__module__)
        ours = getattr(module, "__file__", None) in files or base.__module__ in _MODULES
        if base not in _MADE and not (ours and type(base) is type):
            return _named(cls)
    return ""


def _reading_doubt(cls: type, first: Any) -> str:
    """Return why making a ``cls`` of ``first`` may read what is not announced: where it is called by its own name the
    engine's stand-in is called instead, for the commonest ones."""
    if cls not in _MADE or cls in _LAZY or type(first) in _IMMUTABLE:
        return ""
    shows_attributes = cls is str and own_dict(first) is not None and not _shows_itself(type(first))
    return _named(cls) if issubclass(type(first), _CONTAINERS) or shows_attributes else ""


def _shows_itself(cls: type) -> bool:
    """Say whether the text of a ``cls`` is made by code in Python, or by code in C that knows no attributes."""
    found: Any = cls
    makes = found.__repr__ if found.__str__ is object.__str__ else found.__str__
    return isinstance(makes, types.FunctionType) or makes is object.__repr__ or issubclass(cls, BaseException)


def _builtin_doubt(function: Any, first: Any) -> str:
    name = function.__name__
    owner = getattr(function, "__self__", None)
    if owner is None or isinstance(owner, types.ModuleType):
        if isinstance(function, types.BuiltinFunctionType):
            value_only = name in _OF_VALUES and type(first) in _IMMUTABLE
            return "" if name in _HARMLESS or value_only else _named(function)
        owner = first
    cls = type(owner) if first is not _UNKNOWN else getattr(function, "__objclass__", object)
    if cls in _IMMUTABLE:
        return _named(function) if name in _CHAINED else ""
    if issubclass(cls, _CONTAINERS) and name in CONTAINER_METHODS:
        return ""
    return "" if issubclass(cls, _LOCKS) or name in ("__init__", "__new__") else _named(function)


def code_doubt(code: types.CodeType) -> str:
    """Return why the instructions of ``code`` may change something without an announcement, or ""."""
    previous: dis.Instruction | None = None
    for instruction in dis.get_instructions(code):
        if instruction.opname == "IMPORT_NAME":
            return f"{code.co_name}() imports a module"
        if instruction.opname == "BINARY_OP" and instruction.argrepr.endswith("="):
            number = (
                previous is not None
                and isinstance(previous.argval, (int, float))
                and (previous.opname in ("LOAD_CONST", "LOAD_SMALL_INT"))
            )
            if not number:
                return f"{code.co_name}() changes an object in place with {instruction.argrepr}"
        if instruction.opname != "CACHE":
            previous = instruction
    return ""


def _module_of(function: Any) -> str:
    """Return the name of the module that ``function``, or the class of a callable, comes from."""
    while isinstance(function, types.MethodType):
        function = function.__func__
    known = function if isinstance(function, (types.FunctionType, type)) else type(function)
    return str(known.__module__)


class Audit:
    """Watches the calls of instrumented code while it is entered; tells ``strategy`` the doubts.

    ``unseen`` are the names of packages that workers called and that are not in scope, which ``covers`` knows by a
    module's name and file: what they did there was not announced.
    """

    def __init__(self, strategy: Precise, files: frozenset[str], covers: Callable[[str, str], bool]) -> None:
        self.unseen: set[str] = set()
        self._covers = covers
        self._strategy = strategy
        self._files = files
        self._tool = -1
        self._codes: dict[types.CodeType, str] = {}

    def _judge_start(self, worker: Any) -> None:
        """Judge what a new worker runs: a library or the engine calls it, not the test's own code."""
        thread = worker.thread
        if worker.body is None and thread is not None:
            if type(thread).run is threading.Thread.run:
                function = getattr(thread, "_target", None)
            else:
                function = type(thread).run
        else:
            function = worker.body
        if not self._is_ours(function):
            self._strategy.doubt("a thread runs a function that is not instrumented")  # nothing of it is announced

    def _is_ours(self, function: Any) -> bool:
        """Say whether ``function`` is instrumented, or one of the engine's around such ones only."""
        while isinstance(function, types.MethodType):
            function = function.__func__
        if not isinstance(function, types.FunctionType):
            return False
        if function.__code__.co_filename in self._files:
            return True
        if not (function.__module__ or "").startswith(_ENGINE):
            return False
        inner = [c for c in (cell.cell_contents for cell in function.__closure__ or ()) if callable(c)]
        return bool(inner) and all(self._is_ours(c) for c in inner)

    def __enter__(self) -> Audit:
        self._strategy.judge_start = self._judge_start
        if _MONITORING is None:
            self._strategy.doubts.append("before Python 3.12 there is no way to see what C code is called")
            return self
        monitoring = _MONITORING
        tool = free_tool()
        if tool is None:
            self._strategy.doubts.append("no way to watch calls is left by other tools")
            return self
        self._tool = tool
        monitoring.use_tool_id(tool, "pytest-concurrency")
        events = monitoring.events
        monitoring.register_callback(tool, events.CALL, self._called)
        monitoring.register_callback(tool, events.PY_START, self._started)
        monitoring.set_events(tool, events.CALL | events.PY_START)
        monitoring.restart_events()
        return self

    def __exit__(self, *exc: object) -> None:
        self._strategy.judge_start = None
        if self._tool >= 0:
            monitoring = _MONITORING
            monitoring.set_events(self._tool, 0)
            monitoring.register_callback(self._tool, monitoring.events.CALL, None)
            monitoring.register_callback(self._tool, monitoring.events.PY_START, None)
            monitoring.free_tool_id(self._tool)

    @staticmethod
    def _is_concurrent() -> bool:
        run = STATE.run
        return run is not None and run.live > 1 and _thread.get_ident() == STATE.ident

    def _called(self, code: types.CodeType, offset: int, function: Any, first: Any) -> Any:
        if code.co_filename not in self._files:
            return _MONITORING.DISABLE
        if self._is_concurrent():
            self._judge(function, first)
        return None

    def _judge(self, function: Any, first: Any) -> None:
        doubt = call_doubt(function, first, self._files)
        if doubt:
            self._strategy.doubt(doubt)
            self._note(_module_of(function))
        elif hasattr(type(first), "__next__"):
            self._strategy.met(STATE.worker, first)

    def _started(self, code: types.CodeType, offset: int) -> Any:
        if code.co_filename.startswith(PACKAGE):
            return _MONITORING.DISABLE
        if self._is_concurrent():
            if code.co_filename in self._files:
                self._judge_code(code)
            else:
                frame = sys._getframe(1)
                caller = frame.f_back
                while caller is not None and caller.f_code.co_filename in _STAND_INS:
                    caller = caller.f_back
                if caller is not None and caller.f_code.co_filename in self._files:
                    self._judge_frame(frame)
        return None

    def _judge_code(self, code: types.CodeType) -> None:
        doubt = self._codes.get(code)
        if doubt is None:
            doubt = self._codes[code] = code_doubt(code)
        if doubt:
            self._strategy.doubt(doubt)

    def _judge_frame(self, frame: types.FrameType) -> None:
        module = frame.f_globals.get("__name__") or ""
        if module.startswith(_ENGINE):
            return
        owner, _, name = frame.f_code.co_qualname.partition(".")
        known = ANNOUNCED_CALLS.get(module, {}).get(owner, ()) if module in _MODULES else ()
        sync = module in _MODULES and (
            name in ("__enter__", "__exit__", "__init__") or frame.f_code.co_qualname in _FUNCTIONS
        )
        made = frame.f_code.co_filename == "<string>" and frame.f_code.co_name == "__init__"  # of a dataclass
        if not (name in known or sync or made):
            self._strategy.doubt(f"the effects of {frame.f_code.co_qualname}() are not known")
            self._note(module)

    def _note(self, module: str) -> None:
        path = getattr(sys.modules.get(module), "__file__", None)
        if not isinstance(path, str) or not path.endswith(".py") or is_tooling(module) or is_standard(path):
            return
        if not self._covers(module, path):
            self.unseen.add(module.partition(".")[0])
