"""Why a call blocked although gevent patches: the hazard, in words, with the line that is to blame."""

from __future__ import annotations

import ast
import functools
import os
import types
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from statistics import median
from types import MappingProxyType
from typing import Any

from ...hazards import help_text
from ...model import Finding, Location
from ...project import relative
from .bindings import Binding, binding_of
from .callsite import MISSING, Callee, callee_of, runs_in_c
from .evidence import FrameView
from .originals import Original, Originals
from .places import is_user_file, user_frame
from .verdict import CPU, Observation

# Where the standard library shows what lives in its C modules.
_PUBLIC = MappingProxyType(
    {
        "posix": "os",
        "builtins": "",
        "_thread": "threading",
        **{f"_{name}": name for name in ("io", "socket", "signal", "hashlib", "bz2", "lzma", "multiprocessing")},
    }
)


@dataclass(frozen=True, slots=True)
class Reason:
    """``code`` of the hazard, ``what`` blocked ("time.sleep()"), ``why`` as a clause, ``binding`` that is to blame."""

    code: str
    what: str
    why: str
    binding: Binding | None = None
    fix: str = ""
    """What to do, where that is told better than for all blocks of this kind."""
    cause: str = ""
    """How it comes, likewise."""


_ARGUMENTS = MappingProxyType({"threading": "thread", "_thread": "thread", "selectors": "select"})
"""What ``patch_all`` calls a module, where it does not use its name."""
_LETS_OTHERS_RUN = ("hashlib.", "zlib.", "bz2.", "lzma.", "binascii.", "numpy.")
"""C code that lets other threads run while it computes."""
_IN_A_POOL = "Run it in gevent.get_hub().threadpool: it lets the other threads run meanwhile."
_IN_A_PROCESS = (
    "Run it in another process, or on smaller parts with gevent.sleep(0) in between: it keeps the interpreter to "
    "itself, so that a thread pool does not help."
)
_IN_PYTHON = "Give way inside the loop with gevent.sleep(0), or compute in another process."


def reason_of(observation: Observation, originals: Originals) -> Reason:
    """Return why ``observation`` was missed."""
    frames = observation.frames
    user = user_frame(frames)
    reach = frames.index(user) + 1 if user is not None else 1
    if observation.kind == CPU:
        return _computing(observation)
    # From the user's call inwards: what the user called is the better name than what it called in turn.
    for index in reversed(range(reach)):
        callee = callee_of(frames[index])
        if index == 0 and observation.call is not None:
            callee = _told(observation, callee)
        reason = _original(callee, frames[index], originals) if callee is not None else None
        if reason is not None:
            return _blamed(reason, frames[:reach])
    what = _name_of_call(observation)
    call = f" (in the system call {observation.syscall})" if observation.syscall else ""
    return Reason("CH302", what, f"it blocks in C code{call}, which gevent cannot patch")


def _told(observation: Observation, callee: Callee | None) -> Callee:
    call = observation.call
    assert call is not None
    owner = getattr(call.function, "__self__", MISSING)
    if isinstance(owner, types.ModuleType) or owner is None:
        owner = MISSING
    if owner is MISSING and isinstance(call.function, (types.MethodDescriptorType, types.WrapperDescriptorType)):
        owner = call.first if call.first is not None else MISSING
    if callee is None:
        return Callee(getattr(call.function, "__name__", "call"), None, call.function, owner)
    return Callee(callee.text, callee.expression, call.function, owner if owner is not MISSING else callee.owner)


def _original(callee: Callee, frame: FrameView, originals: Originals) -> Reason | None:
    held = callee.function
    function = originals.function(held) if held is not MISSING else None
    if function is not None:
        binding = binding_of(callee.expression, frame, _held(callee, frame))
        return _bound(function, callee.shown, binding)
    for owner in (callee.owner, getattr(held, "__self__", MISSING)):
        if owner is MISSING or isinstance(owner, (types.ModuleType, type)):
            continue
        kind = originals.type_of(owner)
        if kind is not None:
            expression = _object_of(callee)
            return _made(kind, callee.shown, binding_of(expression, frame, None), owner)
    return None


def _object_of(callee: Callee) -> ast.expr | None:
    """Return what is acted on: ``lock`` in ``lock.acquire()`` and in ``with lock``."""
    if callee.kind == "call" and isinstance(callee.expression, ast.Attribute):
        return callee.expression.value
    return callee.expression


def _held(callee: Callee, frame: FrameView) -> Any:
    """Return the object that the name at the call stands for: exact mode only tells what was called in the end."""
    from .callsite import Names

    if callee.expression is None:
        return callee.function
    value = Names(frame).resolve(callee.expression)
    return callee.function if value is MISSING else value


def _bound(original: Original, text: str, binding: Binding | None) -> Reason:
    what = f"{original.dotted}()"
    if not original.replaced:
        return _unpatched(original, what, "gevent has not patched this process", None)
    where = f", bound as {binding.how}" if binding is not None else f", called as {text}"
    return Reason("CH301", what, f"it is the original{where}, taken before gevent patched {original.module}", binding)


def _made(kind: Original, text: str, binding: Binding | None, owner: object) -> Reason:
    what = text
    if not kind.replaced:
        return _unpatched(kind, what, f"its {kind.dotted} is not patched in this process", binding)
    held = f", held in {binding.how}," if binding is not None else ""
    return Reason(
        "CH301",
        what,
        f"its {type(owner).__name__} is an original {kind.dotted}{held} made before gevent patched",
        binding,
    )


def _unpatched(original: Original, what: str, why: str, binding: Binding | None) -> Reason:
    """Return the reason of a block in what gevent was never asked to patch, or told to leave alone."""
    from gevent import monkey

    argument = _ARGUMENTS.get(original.module, original.module)
    fix = "Call gevent.monkey.patch_all() before anything else is imported."
    if monkey.saved:
        why = f"gevent has patched this process, but not {original.module}" if binding is None else why
        fix = f"Let gevent patch {original.module}, too (patch_all() without {argument}=False), or do not wait there."
    cause = f"gevent has not patched {original.module}: a call that blocks there stops every greenlet."
    return Reason("CH301", what, why, binding, fix, cause)


def _blamed(reason: Reason, frames: tuple[FrameView, ...]) -> Reason:
    """Return ``reason`` with a binding in the user's code where the one that was found is in a library."""
    if reason.binding is not None and is_user_file(reason.binding.path):
        return reason
    user = frames[-1]
    callee = callee_of(user)
    if callee is None or callee.expression is None:
        return reason
    expression = _object_of(callee)
    binding = binding_of(expression, user, None)
    if binding is None or not is_user_file(binding.path):
        return reason
    return replace(reason, what=callee.shown, binding=binding)


def _computing(observation: Observation) -> Reason:
    frames = observation.frames
    callee = callee_of(frames[0]) if observation.call is None and observation.at_rest else None
    function = observation.call.function if observation.call is not None else getattr(callee, "function", MISSING)
    if isinstance(function, (types.BuiltinFunctionType, types.MethodDescriptorType)):
        name = _qualified(function)
        fix = _IN_A_POOL if name.startswith(_LETS_OTHERS_RUN) else _IN_A_PROCESS
        return Reason("CH303", f"{name}()", "it computes in C without yielding", fix=fix)
    frame = user_frame(frames) or frames[0]
    called = callee_of(frame) if frame is not frames[0] else None
    name = called.text if called is not None else frame.code.co_name
    if function is not MISSING and runs_in_c(function):  # an object that has no name of its own, of json say
        return Reason("CH303", f"{name}()", "it computes in C without yielding", fix=_IN_A_PROCESS)
    return Reason("CH303", f"{name}()", "it computes without yielding", fix=_IN_PYTHON)


def _name_of_call(observation: Observation) -> str:
    if observation.call is not None:
        return f"{_qualified(observation.call.function)}()"
    callee = callee_of(observation.frames[0])
    if callee is None:
        return f"{observation.frames[0].code.co_name}()"
    if callee.function is not MISSING and isinstance(
        callee.function, (types.BuiltinFunctionType, types.MethodDescriptorType, type)
    ):
        return f"{_qualified(callee.function)}()"
    return callee.shown


def _qualified(function: Any) -> str:
    while isinstance(function, functools.partial):
        function = function.func
    name = str(getattr(function, "__qualname__", None) or getattr(function, "__name__", None) or repr(function))
    owner = getattr(function, "__self__", None)
    if owner is not None and not isinstance(owner, (types.ModuleType, type)):
        name = f"{type(owner).__name__}.{getattr(function, '__name__', name)}"
        module: str | None = type(owner).__module__
    else:
        home = getattr(function, "__objclass__", None)
        module = getattr(function, "__module__", None) or getattr(home, "__module__", None)
    module = _PUBLIC.get(module or "", module)
    return f"{module}.{name}" if module and not name.startswith(f"{module}.") else name


def finding_of(
    observations: Sequence[Observation],
    reason: Reason,
    repeat: int,
    severity: Callable[[str], str | None],
    relative: Callable[[str], str],
) -> Finding | None:
    """Return the hazard that ``observations``, all of one place, come to; None where it is ignored.

    ``repeat`` is the number of the repeat that showed it first; ``relative`` shortens a path for the report.
    """
    exact = [one for one in observations if one.call is not None]
    chosen = exact[0] if exact else observations[0]
    code = reason.code
    level = severity(code)
    if level is None:
        return None
    if code != "CH301" and chosen.who.main and not chosen.who.others:
        return None  # nobody was there to be held up
    seconds = median(one.seconds for one in (exact or observations))
    path, line = chosen.site
    shown = milliseconds(seconds)
    message = f"{relative(path)}:{line}: {reason.what} stopped every greenlet for {shown}: {reason.why}"
    locations = [Location(relative(path), line, chosen.who.path, "blocked", reason.what, shown)]
    rows = [f"{message}.", "", f"  greenlet {chosen.who.path}, innermost call last:"]
    for frame in _shown_frames(chosen.frames):
        rows.append(f"    {relative(frame.code.co_filename)}:{frame.line} in {frame.code.co_name}")
    if not is_user_file(path) and chosen.who.spawned[1]:
        by, at = chosen.who.spawned
        locations.append(Location(relative(by), at, chosen.who.path, "spawned", reason.what))
        rows.append(f"  spawned at {relative(by)}:{at}")
    binding = reason.binding
    if binding is not None and binding.line:
        locations.append(
            Location(relative(binding.path), binding.line, chosen.who.path, "bound", reason.what, binding.how)
        )
        rows.append(f"  bound at {relative(binding.path)}:{binding.line}: {binding.how}")
    rows.append(help_text(code, reason.fix, reason.cause))
    return Finding(code, message, "\n".join(rows), level, repeat, locations=tuple(locations))


def _shown_frames(frames: tuple[FrameView, ...]) -> list[FrameView]:
    user = user_frame(frames)
    reach = frames.index(user) + 1 if user is not None else 1
    outer = [frame for frame in frames[reach:] if is_user_file(frame.code.co_filename)][:4]
    return [*reversed(outer), *reversed(frames[:reach])]


def milliseconds(seconds: float) -> str:
    """Return a duration for people: "52 ms", "1.20 s"."""
    return f"{seconds * 1000:.0f} ms" if seconds < 1 else f"{seconds:.2f} s"


def relative_to(root: str) -> Callable[[str], str]:
    """Return a function that gives a path for reports on the project at ``root``."""
    return lambda path: relative(os.path.abspath(path), root)
