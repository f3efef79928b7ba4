"""Which part of an object cannot be pickled."""

from __future__ import annotations

import copyreg
import io
import types
from collections.abc import Iterator, Mapping
from multiprocessing import context
from multiprocessing.reduction import ForkingPickler
from typing import Any

_DEPTH = 12
_TRIES = 400


class _Probe:
    """Stands for a process being started, so that locks and pipes may be pickled on trial."""

    def duplicate_for_child(self, fd: int) -> int:
        return fd

    def DupFd(self, fd: int) -> int:
        return fd


def why_not(value: object, starting: bool = False) -> str | None:
    """Return the error text of pickling ``value`` for another process, None where it can be pickled.

    ``starting``: as an argument of a process being started, where locks and connections may travel.
    """
    previous = context.get_spawning_popen()
    trial: Any = _Probe() if starting else previous
    context.set_spawning_popen(trial)
    try:
        ForkingPickler(io.BytesIO(), None).dump(value)
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    finally:
        context.set_spawning_popen(previous)
    return None


def find_culprit(value: object, path: str, starting: bool = False) -> tuple[str, object, str] | None:
    """Return (path, object, error text) of the innermost part of ``value`` that cannot be pickled; None if all can."""
    error = why_not(value, starting)
    if error is None:
        return None
    tries = _TRIES
    seen = {id(value)}
    for _ in range(_DEPTH):
        for step, part in _parts(value):
            tries -= 1
            if tries < 0:
                return path, value, error
            if id(part) in seen:
                continue
            inner = why_not(part, starting)
            if inner is not None:
                seen.add(id(part))
                value, path, error = part, path + step, inner
                break
        else:
            break
    return path, value, error


def describe_culprit(value: object, path: str, starting: bool = False) -> str:
    """Return "path (a TYPE): error" for the part of ``value`` that cannot be pickled, "" if all of it can."""
    found = find_culprit(value, path, starting)
    if found is None:
        return ""
    where, culprit, error = found
    return f"{where} (a {kind_of(culprit)}): {error}"


def kind_of(value: object) -> str:
    """Return what ``value`` is, in words that say why it cannot travel."""
    if isinstance(value, types.FunctionType):
        return "lambda" if value.__name__ == "<lambda>" else f"function {value.__qualname__}"
    if isinstance(value, type):
        return f"class {value.__qualname__}"
    return type(value).__qualname__


def _parts(value: object) -> Iterator[tuple[str, object]]:
    if isinstance(value, Mapping):
        for key, item in list(value.items()):
            yield f"[{key!r}]", item
        for key in list(value):
            yield f" key {key!r}", key
        return
    if isinstance(value, (list, tuple)):
        for index, item in enumerate(value):
            yield f"[{index}]", item
        fields = getattr(value, "__dict__", None)
        if not fields:
            return
    if isinstance(value, (set, frozenset)):
        for item in list(value):
            yield " element", item
        return
    if isinstance(value, types.MethodType):
        yield ".__self__", value.__self__
        return
    if isinstance(value, (types.FunctionType, type, types.ModuleType)):
        return
    yield from _state_parts(value)


def _state_parts(value: object) -> Iterator[tuple[str, object]]:
    try:
        reducer: Any = copyreg.dispatch_table.get(type(value))
        reduced: Any = reducer(value) if reducer is not None else value.__reduce_ex__(4)
    except Exception:
        reduced = (None, (), getattr(value, "__dict__", {}))
    if not isinstance(reduced, tuple):
        return
    state = reduced[2] if len(reduced) > 2 else None
    states = state if isinstance(state, tuple) and len(state) == 2 else (state,)
    for part in states:
        if isinstance(part, dict):
            for name, item in part.items():
                yield f".{name}", item
        elif part is not None:
            yield " state", part
    for index, item in enumerate(reduced[1] if isinstance(reduced[1], tuple) else ()):
        if not isinstance(item, type):
            yield f" argument {index}", item
