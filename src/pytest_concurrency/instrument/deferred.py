"""Putting off the rewriting of a function until it is first called.

Most functions of a large project are never called by a test. Instead of rewritten code such a function gets a *stub*
(see :mod:`.stubs`) that asks for the rewritten code, and calls that with the very arguments it was given. From then on
the function has its rewritten code. The stub's frame is on the stack during that first call: it takes itself out of the
traceback of what is raised, and whoever walks the stack for the engine leaves it out.

An audit hook (``sys.addaudithook``) must not get a stub: what the stub does is an audit event itself, which calls the
hook again, without end. Nobody but the interpreter knows the hooks, and they cannot be asked for; :func:`hearing` tells
them by the event that all of them are called for.
"""

from __future__ import annotations

import sys
import types
from _thread import get_ident
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from ..state import STATE

_traceback = BaseException.__dict__["__traceback__"].__get__


class Deferred:
    """The constant in a stub: the original code, and whom to ask for what stands in for it."""

    __slots__ = ("_resolve", "now", "original")

    def __init__(self, original: types.CodeType, resolve: Callable[[types.CodeType], types.CodeType]) -> None:
        self.original = original
        self.now = original
        self._resolve = resolve

    def __call__(self, cells: Callable[[], Any] | None = None) -> Callable[..., Any]:
        """Return what the stub is to call: the function that runs it may be a copy with other globals or cells."""
        heard = STATE.hearing.get(get_ident())
        if heard is not None:
            heard.append(self.original)  # nothing that is an audit event itself, as id() is
            return _ignore
        code = self.now = self._resolve(self.original)
        closure = getattr(cells, "__closure__", None)
        return types.FunctionType(code, sys._getframe(1).f_globals, closure=closure)

    def settle(self) -> types.CodeType:
        """Return what runs instead of the stub, before anybody has called it."""
        self.now = self._resolve(self.original)
        return self.now

    def __reduce__(self) -> tuple[Any, ...]:
        return Deferred, (self.original, itself)


def _ignore(*_args: object, **_named: object) -> None:
    """Stand in for an audit hook while it is told of what only the engine does."""


@contextmanager
def hearing() -> Iterator[list[types.CodeType]]:
    """Collect the original code of the audit hooks that have a stub, as often as they are called.

    No stub may be called by this thread in the block but by the interpreter, for an audit event.
    """
    ident, heard = get_ident(), list[types.CodeType]()
    STATE.hearing[ident] = heard
    try:
        yield heard
    finally:
        del STATE.hearing[ident]


def itself(code: types.CodeType) -> types.CodeType:
    """Resolve a stub outside of a test that is instrumented."""
    return code


def take_out() -> None:
    """Take the calling stub's frame out of the traceback of the exception that goes through it."""
    error = sys.exception()
    trace = _traceback(error)
    if error is not None and trace is not None:
        rest = trace.tb_next
        while rest is not None and rest.tb_frame.f_code.co_filename == __file__:
            rest = None  # an interruption while the code was being rewritten
        BaseException.with_traceback(error, rest)


def is_stub(code: types.CodeType) -> bool:
    """Say whether ``code`` is a stub."""
    consts = code.co_consts
    return bool(consts) and type(consts[-1]) is Deferred


def outer(frame: types.FrameType) -> types.FrameType | None:
    """Return the frame that has called ``frame``, as if there were no stubs."""
    caller = frame.f_back
    while caller is not None and is_stub(caller.f_code):
        caller = caller.f_back
    return caller


def current(code: types.CodeType | None) -> types.CodeType | None:
    """Return what runs for ``code`` by now: the same for a stub and for what has taken its place."""
    if code is None or not is_stub(code):
        return code
    now: types.CodeType = code.co_consts[-1].now
    return now


def settled(owner: Any, _site: object = None) -> Any:
    """Return ``owner``; a function, or the function of a method, no longer has a stub: somebody asks for its code."""
    function = owner.__func__ if type(owner) is types.MethodType else owner
    if type(function) is types.FunctionType and is_stub(function.__code__):
        function.__code__ = function.__code__.co_consts[-1].settle()
    return owner
