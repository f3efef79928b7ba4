"""Every greenlet of one repeat: who spawned it and where, when it ran, how it ended, and who waited for it."""

from __future__ import annotations

import ast
import functools
import sys
import threading
import types
from collections.abc import Callable
from dataclasses import dataclass, replace
from time import perf_counter
from typing import Any

from .callsite import MISSING, Names, callee_of, runs_in_c, site_at
from .evidence import FrameView, Who, view_stack
from .places import is_gevent_file, is_machinery, is_user_file, user_frame

MAX_RECORDS = 5000
_SITES_LOOKED_AT = 50
_WAITS = frozenset({"join", "get"})
_WAITS_FOR_ALL = frozenset({"joinall", "wait"})


@dataclass(slots=True)
class Life:
    """One greenlet.

    ``path`` is its spawn path, ``site`` the user's line that spawned it ("" and 0: not the user's). ``spawned`` and
    ``ended`` in seconds of the performance counter (``ended`` is 0 while it lives). ``awaited``: whether its spawner
    was waiting for just this greenlet when it ended (None: not looked at). ``left``: whether the body left it running.
    ``waited``: whether it gave way and went on. ``killed``: whether an exception was thrown into it that no timer has
    brought. ``died`` is the exception of which a thread died that gevent runs in
    this greenlet. ``spawn`` is the frame that spawned it (None: not the user's), with the C function that it runs where
    that belongs to no object.
    """

    greenlet: Any
    path: str
    site: tuple[str, int]
    function: str
    spawner: Any
    spawned: float
    began: float = 0.0
    waited: bool = False
    killed: bool = False
    ended: float = 0.0
    awaited: bool | None = None
    children: int = 0
    left: bool = False
    died: BaseException | None = None
    spawn: FrameView | None = None


class Lives:
    """Follows greenlets from :meth:`start` to :meth:`stop` through gevent's spawn callbacks and links.

    ``tells``: it will be told of a thread of the user's that died, and pytest need not warn of it as well. ``company``
    is called before a greenlet is followed while no other is alive, ``spent`` with the seconds that it took to follow a
    spawn.
    """

    def __init__(
        self,
        tells: bool,
        company: Callable[[], None] = lambda: None,
        spent: Callable[[float], None] = lambda seconds: None,
    ) -> None:
        self._tells = tells
        self._company = company
        self._spent = spent
        self.lives: dict[Any, Life] = {}
        self.alive = 0
        self._children = 0
        self._main: Any = None
        self._looked: dict[tuple[str, int], int] = {}
        self._hook: Any = None

    def start(self) -> None:
        """Begin with the current greenlet as the test's own, whose path is "0"."""
        import gevent

        self._main = gevent.getcurrent()
        gevent.Greenlet.add_spawn_callback(self._on_spawn)
        self._hook, threading.excepthook = threading.excepthook, self._on_death

    def stop(self) -> None:
        """Follow no further spawn; greenlets already followed still report their end."""
        import gevent

        gevent.Greenlet.remove_spawn_callback(self._on_spawn)
        if threading.excepthook == self._on_death:
            threading.excepthook = self._hook

    def forget(self) -> None:
        """Let go of the followed greenlets, whose tracebacks hold the variables of the program."""
        for life in self.lives.values():
            life.greenlet = life.spawner = life.died = life.spawn = None
        self.lives.clear()
        self._main = None

    @property
    def main(self) -> Any:
        """The greenlet that the test's own body runs in."""
        return self._main

    def name_of(self, greenlet: Any) -> str:
        """Return the spawn path of ``greenlet``."""
        if greenlet is self._main:
            return "0"
        life = self.lives.get(greenlet)
        return life.path if life is not None else "?"

    def is_users(self, greenlet: Any) -> bool:
        """Return whether the user's code has spawned ``greenlet``, which may be anything."""
        life = self.lives.get(greenlet) if hasattr(greenlet, "gr_frame") else None
        return life is not None and is_user_file(life.site[0])

    def who(self, greenlet: Any) -> Who:
        """Return who ``greenlet`` is, and how many other followed greenlets are alive."""
        life = self.lives.get(greenlet)
        others = self.alive - (1 if life is not None and not life.ended else 0)
        spawned = life.site if life is not None else ("", 0)
        return Who(self.name_of(greenlet), greenlet is self._main, others, spawned)

    def in_c(self, greenlet: Any) -> tuple[FrameView, ...]:
        """Return the place that spawned a greenlet which runs a C function and nothing else; () for all others."""
        life = self.lives.get(greenlet)
        if life is None or life.spawn is None:
            return ()
        if life.spawn.runs is not None:
            return (life.spawn,)
        function = _function_in_c(greenlet)
        return (replace(life.spawn, runs=function),) if function is not None else ()

    def living(self) -> list[Life]:
        """Return the followed greenlets that have not ended."""
        return [life for life in self.lives.values() if not life.ended and not life.greenlet.dead]

    def _on_spawn(self, greenlet: Any) -> None:
        import gevent

        if len(self.lives) >= MAX_RECORDS or greenlet in self.lives:
            return
        began = perf_counter()
        spawner = gevent.getcurrent()
        frame: Any = sys._getframe(1)
        while frame is not None and not is_user_file(frame.f_code.co_filename):
            if is_machinery(frame.f_code.co_filename):
                frame = None
                break
            frame = frame.f_back
        site, function, spawn = ("", 0), "", None
        if frame is not None:
            spawn = FrameView(frame.f_code, frame.f_lasti, frame.f_lineno, frame.f_globals, None, _free_in_c(greenlet))
            site, function = (frame.f_code.co_filename, frame.f_lineno), frame.f_code.co_name
        parent = self.lives.get(spawner)
        if parent is not None:
            path = f"{parent.path}.{parent.children}"
            parent.children += 1
        else:
            path = f"{'0' if spawner is self._main else 'hub'}.{self._children}"
            self._children += 1
        if not self.alive:
            self._company()
        self.lives[greenlet] = Life(greenlet, path, site, function, spawner, began, spawn=spawn)
        self.alive += 1
        greenlet.rawlink(self._on_end)
        self._spent(perf_counter() - began)

    def _on_death(self, arguments: Any) -> None:
        """Note that a thread died of an exception, unless the program has a hook of its own for that."""
        import gevent

        life = self.lives.get(gevent.getcurrent())
        if life is not None and arguments.exc_type is not SystemExit:
            life.died = arguments.exc_value
            if self._tells and isinstance(life.died, Exception) and is_user_file(life.site[0]) and _warns(self._hook):
                return
        self._hook(arguments)

    def _on_end(self, greenlet: Any) -> None:
        life = self.lives.get(greenlet)
        if life is None or life.ended:
            return
        life.ended = perf_counter()
        self.alive -= 1
        if is_user_file(life.site[0]) and self._looked.setdefault(life.site, 0) < _SITES_LOOKED_AT:
            self._looked[life.site] += 1
            # Now, and not later from a copy: a copy of its variables would keep connections open.
            frame = parked_frame(life.spawner)
            life.awaited = frame is not None and waits_for(frame, greenlet)


def _warns(hook: Any) -> bool:
    """Return whether ``hook`` is pytest's own, which makes a warning of the exception."""
    return getattr(getattr(hook, "func", hook), "__module__", "") == "_pytest.threadexception"


def _function_in_c(greenlet: Any) -> Any:
    """Return the C function that ``greenlet`` is about to run or runs, None where it is none, or has been run."""
    function = getattr(greenlet, "_run", None)
    while isinstance(function, functools.partial):
        function = function.func
    return function if runs_in_c(function) else None


def _free_in_c(greenlet: Any) -> Any:
    """Return the C function of ``greenlet`` where it can be kept: a method would keep its object, a file say, open."""
    function = _function_in_c(greenlet)
    owner = getattr(function, "__self__", None)
    return function if owner is None or isinstance(owner, types.ModuleType) else None


def parked_frame(greenlet: Any) -> FrameView | None:
    """Return the innermost frame of a parked greenlet that is not gevent's own, None where it has none."""
    frame = getattr(greenlet, "gr_frame", None)
    while frame is not None and is_gevent_file(frame.f_code.co_filename):
        frame = frame.f_back
    return view_stack(frame, 1, 1)[0] if frame is not None else None


def parked_view(greenlet: Any) -> FrameView | None:
    """Return the frame that shows where a parked greenlet waits: the innermost of the user's code, or that is not
    gevent's; None where nothing is known."""
    innermost = parked_frame(greenlet)
    return None if innermost is None else user_frame(view_stack(greenlet.gr_frame, 8)) or innermost


def where_parked(greenlet: Any) -> tuple[str, int, str]:
    """Return file, line and the call in which a parked greenlet waits; ("", 0, "") where nothing is known."""
    shown = parked_view(greenlet)
    if shown is None:
        return "", 0, ""
    callee = callee_of(shown)
    return (
        shown.code.co_filename,
        shown.line,
        callee.shown if callee is not None else shown.code.co_name,
    )


def waits_for(frame: FrameView, greenlet: Any) -> bool:
    """Return whether ``frame`` is parked in a wait for ``greenlet`` alone: its join or get, or joinall of just it."""
    found = site_at(frame.code, frame.lasti)
    if found is None or not isinstance(found[1], ast.Call) or found[0] != "call":
        return False
    call = found[1]
    function = call.func
    name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
    if name in _WAITS and isinstance(function, ast.Attribute):
        return _stands_for(function.value, frame, greenlet)
    if name not in _WAITS_FOR_ALL or not call.args:
        return False
    argument = call.args[0]
    if isinstance(argument, (ast.List, ast.Tuple)):
        return len(argument.elts) == 1 and _stands_for(argument.elts[0], frame, greenlet)
    value = Names(frame).resolve(argument)
    return isinstance(value, (list, tuple)) and len(value) == 1 and value[0] is greenlet


def _stands_for(expression: ast.expr, frame: FrameView, greenlet: Any) -> bool:
    value = Names(frame).resolve(expression)
    return value is greenlet or (value is MISSING and _is_spawn(expression))  # spawn(...).join(): it has no name


def _is_spawn(expression: ast.expr) -> bool:
    if not isinstance(expression, ast.Call):
        return False
    function = expression.func
    name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
    return str(name).startswith("spawn")
