"""When gevent patched in this worker process, who called ``patch_all``, and what it came too late for (CH304)."""

from __future__ import annotations

import functools
import sys
import types
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from ...hazards import help_text
from ...model import Finding, Location
from .bindings import module_binding
from .originals import Original, Originals
from .places import is_user_file

_MOST = 20


@dataclass(frozen=True, slots=True)
class Stale:
    """A binding of an original that a patch came too late for: ``module``, ``how`` it is held, where, and of what."""

    module: str
    how: str
    path: str
    line: int
    original: str


class Patching:
    """Notes the first patching of this process; ``before`` are the modules that were loaded before the user's own."""

    def __init__(self) -> None:
        self.before = frozenset(sys.modules)
        self.caller: tuple[str, int] | None = None

    def listen(self) -> None:
        """Note who calls ``patch_all``, through gevent's own event."""
        from gevent import events

        def on_event(event: Any) -> None:
            if isinstance(event, events.GeventWillPatchAllEvent) and self.caller is None:
                self.caller = _caller()

        events.subscribers.append(on_event)

    def patch_now(self) -> None:
        """Patch everything, as ``patch="late"`` asks for."""
        from gevent import monkey

        monkey.patch_all()
        self.caller = ("", 0)

    def too_late(self, level: str | None, relative: Callable[[str], str]) -> Finding | None:
        """Return CH304 with every stale binding found now, None where there is none or it is ignored."""
        if self.caller is None or level is None:
            return None
        stale = list(stale_bindings(self.before))
        if not stale:
            return None
        path, line = self.caller
        call = f"{relative(path)}:{line}: patch_all()" if path else "patch='late': patch_all()"
        modules = ", ".join(dict.fromkeys(one.module for one in stale))
        message = f"{call} ran after {modules} had taken what it replaces"
        rows = [f"{message}:"]
        rows += [f"  {relative(one.path)}:{one.line}: {one.original} is {one.how}" for one in stale[:_MOST]]
        if len(stale) > _MOST:
            rows.append(f"  and {len(stale) - _MOST} more")
        rows.append(help_text("CH304"))
        places = [Location(relative(path), line, "0", "patched", "gevent.monkey.patch_all")] if path else []
        places += [Location(relative(one.path), one.line, "0", "bound", one.original, one.how) for one in stale[:_MOST]]
        return Finding("CH304", message, "\n".join(rows), level, 1, locations=tuple(places))


def _caller() -> tuple[str, int] | None:
    frame: types.FrameType | None = sys._getframe(1)
    while frame is not None:
        if is_user_file(frame.f_code.co_filename):
            return frame.f_code.co_filename, frame.f_lineno
        frame = frame.f_back
    return None


def stale_bindings(before: frozenset[str]) -> Iterator[Stale]:
    """Yield what the user's modules, and the packages that they imported, still hold of what gevent has replaced."""
    originals = Originals()
    for name, module in sorted(sys.modules.items()):
        path = getattr(module, "__file__", None)
        if name in before or not path or not isinstance(module, types.ModuleType) or not is_user_file(path):
            continue
        for attribute, value in list(vars(module).items()):
            if attribute.startswith("__"):
                continue
            yield from _held(name, path, attribute, value, originals)


def _held(module: str, path: str, attribute: str, value: Any, originals: Originals) -> Iterator[Stale]:
    def stale(original: Original, how: str, line: int = 0) -> Stale:
        binding = module_binding(module, path, attribute)
        return Stale(module, how, path, line or (binding.line if binding else 1), original.dotted)

    found = _replaced(value, originals)
    if found is not None:
        kind = "a functools.partial, " if isinstance(value, functools.partial) else ""
        yield stale(found, f"held by {kind}the module attribute {module}.{attribute}")
    elif isinstance(value, types.FunctionType) and value.__module__ == module:
        yield from _defaults(value, originals, stale)
    elif isinstance(value, type) and value.__module__ == module:
        for name, inner in list(vars(value).items()):
            thing = inner.__func__ if isinstance(inner, (staticmethod, classmethod)) else inner
            found = _replaced(thing, originals)
            if found is not None:
                yield stale(found, f"held by the class attribute {value.__qualname__}.{name}")
            elif isinstance(thing, types.FunctionType):
                yield from _defaults(thing, originals, stale)
    elif type(value) in (dict, list, tuple) and len(value) <= 1000:
        for inner in list(value.values() if isinstance(value, dict) else value):
            found = _replaced(inner, originals)
            if found is not None:
                yield stale(found, f"held in {module}.{attribute}")


def _defaults(
    function: types.FunctionType, originals: Originals, stale: Callable[[Original, str, int], Stale]
) -> Iterator[Stale]:
    values = [*(function.__defaults__ or ()), *(function.__kwdefaults__ or {}).values()]
    for value in values:
        found = _replaced(value, originals)
        if found is not None:
            yield stale(found, f"a default argument of {function.__qualname__}()", function.__code__.co_firstlineno)


def _replaced(value: Any, originals: Originals) -> Original | None:
    try:
        found = originals.function(value) or (
            None if isinstance(value, (type, types.ModuleType, types.FunctionType)) else originals.type_of(value)
        )
    except Exception:
        return None
    return found if found is not None and found.replaced else None
