"""Queues, pipes, and waiting for processes and time."""

from __future__ import annotations

import itertools
import multiprocessing.process
import os
import queue
import sys
import time
from collections.abc import Callable
from multiprocessing import connection, queues
from typing import Any

from ....instrument.vocabulary import CLOCKS
from .agent import Agent, is_from_program
from .locks import sem_loc
from .patches import Patches
from .places import CALL, Place
from .values import Failed

PIPES = ("pipes",)
"""One location for all pipes: what is sent into any of them wakes all who wait for one."""
_ENDING = 0.2
"""Real seconds that a process which has said that it ends may take to do so."""
_STEP = 0.0005
_monotonic, _sleep = time.monotonic, time.sleep
_DELIVERY = 3.0
"""Real seconds that an item which was put may take through the thread that feeds the pipe."""


def install(agent: Agent, patches: Patches) -> None:
    """Hook queues, pipes, join and time. They let pass what is not done by a worker."""
    _install_queues(agent, patches)
    _install_pipes(agent, patches)
    _install_processes(agent, patches)
    _install_time(agent, patches)


def _loc(obj: Any) -> tuple[Any, ...]:
    return ("queue", obj._reader.fileno())


def _call(agent: Agent, frame: Any, name: str, loc: Any, write: bool = True) -> Place | None:
    if not agent.quiet and is_from_program(frame):
        return agent.announce(frame, CALL, name, loc, write=write)
    return None


def _install_queues(agent: Agent, patches: Patches) -> None:
    get, put = queues.Queue.get, queues.Queue.put

    def get_(self: Any, block: bool = True, timeout: float | None = None) -> Any:
        if not agent.here() or self._closed:
            return get(self, block, timeout)
        place = _call(agent, _caller(sys._getframe(1)), "get", _loc(self))
        found: list[Any] = []

        def attempt() -> bool:
            try:
                there = self.qsize() > 0
            except NotImplementedError:
                there = bool(self._poll(0))
            if not there:
                return False
            with agent.aside():
                try:
                    found.append(get(self, True, _DELIVERY))
                except queue.Empty:
                    return False
            agent.freed(sem_loc(agent, self._sem))
            return True

        if not agent.acquire(attempt, _loc(self), block, timeout, "Queue.get"):
            agent.called(place, _loc(self), Failed("Empty"))
            raise queue.Empty
        agent.called(place, _loc(self), found[0])
        return found[0]

    def put_(self: Any, obj: Any, block: bool = True, timeout: float | None = None) -> None:
        if not agent.here():
            return put(self, obj, block, timeout)
        place = _call(agent, _caller(sys._getframe(1)), "put", _loc(self))
        with agent.as_one():
            put(self, obj, block, timeout)
        agent.called(place, _loc(self), obj)
        agent.freed(_loc(self))
        return None

    patches.set(queues.Queue, "get", get_)
    patches.set(queues.Queue, "put", put_)
    joinable: Any = queues.JoinableQueue
    patches.set(joinable, "put", _as_put(agent, joinable.put))
    for name in ("task_done", "join"):
        patches.set(joinable, name, _plain(agent, name, getattr(joinable, name)))
    for name in ("empty", "full", "qsize"):
        patches.set(queues.Queue, name, _plain(agent, name, getattr(queues.Queue, name), write=False))
    simple: Any = queues.SimpleQueue
    simple_get, simple_put = simple.get, simple.put

    def simple_get_(self: Any) -> Any:
        if not agent.here():
            return simple_get(self)
        place = _call(agent, sys._getframe(1), "get", _loc(self))
        found: list[Any] = []

        def attempt() -> bool:
            if not self._poll(0):
                return False
            with agent.as_one():
                found.append(simple_get(self))
            return True

        agent.acquire(attempt, _loc(self), True, None, "SimpleQueue.get")
        agent.called(place, _loc(self), found[0])
        return found[0]

    patches.set(simple, "get", simple_get_)
    patches.set(simple, "empty", _plain(agent, "empty", simple.empty, write=False))
    patches.set(simple, "put", _as_put(agent, simple_put))


def _caller(frame: Any) -> Any:
    """Return the frame that called get or put, through ``get_nowait`` and the like."""
    return frame.f_back if frame.f_code.co_name in ("get_nowait", "put_nowait") else frame


def _as_put(agent: Agent, original: Any) -> Any:
    def put(self: Any, *args: Any, **kwargs: Any) -> None:
        if not agent.here() or agent.quiet:
            return original(self, *args, **kwargs)  # type: ignore[no-any-return]
        place = _call(agent, _caller(sys._getframe(1)), "put", _loc(self))
        with agent.as_one():
            original(self, *args, **kwargs)
        agent.called(place, _loc(self), args[0] if args else "")
        agent.freed(_loc(self))
        return None

    return put


def _plain(agent: Agent, name: str, original: Any, write: bool = True) -> Any:
    def call(self: Any, *args: Any, **kwargs: Any) -> Any:
        if not agent.here() or agent.quiet:
            return original(self, *args, **kwargs)
        place = _call(agent, sys._getframe(1), name, _loc(self), write)
        with agent.as_one():
            result = original(self, *args, **kwargs)
        agent.called(place, _loc(self), "" if result is None else result)
        if write:
            agent.freed(_loc(self))
        return result

    return call


def _is_managers(frame: Any) -> bool:
    """Say whether a proxy or a manager talks to its server, which answers by itself."""
    return frame.f_globals.get("__name__") in ("multiprocessing.managers", "multiprocessing.connection")


def _install_pipes(agent: Agent, patches: Patches) -> None:
    cls: Any = connection.Connection
    polls = cls.poll

    def receiver(name: str) -> Any:
        original = getattr(cls, name)

        def receive(self: Any, *args: Any) -> Any:
            if not agent.here() or agent.quiet or _is_managers(sys._getframe(1)):
                return original(self, *args)
            place = _call(agent, sys._getframe(1), name, PIPES)
            agent.acquire(lambda: bool(_ready(self)), PIPES, True, None, f"Connection.{name}")
            with agent.as_one():
                result = original(self, *args)
            agent.called(place, PIPES, result)
            return result

        return receive

    def _ready(self: Any) -> bool:
        with agent.aside():
            try:
                return bool(polls(self, 0))
            except (OSError, EOFError):
                return True  # the real call says what is wrong

    def poll(self: Any, timeout: float | None = 0.0) -> bool:
        if not agent.here() or agent.quiet:
            return bool(polls(self, timeout))
        _call(agent, sys._getframe(1), "poll", PIPES, write=False)
        return agent.acquire(lambda: _ready(self), PIPES, timeout is None or timeout > 0, timeout, "Connection.poll")

    def sender(name: str) -> Any:
        original = getattr(cls, name)

        def send(self: Any, *args: Any) -> Any:
            if not agent.here() or agent.quiet:
                return original(self, *args)
            place = _call(agent, sys._getframe(1), name, PIPES)
            with agent.as_one():
                result = original(self, *args)
            agent.called(place, PIPES, args[0] if args else "")
            agent.freed(PIPES)
            return result

        return send

    for name in ("recv", "recv_bytes"):
        patches.set(cls, name, receiver(name))
    patches.set(cls, "poll", poll)
    for name in ("send", "send_bytes"):
        patches.set(cls, name, sender(name))
    close = cls.close

    def close_(self: Any) -> None:
        close(self)
        if agent.here():
            agent.freed(PIPES)

    patches.set(cls, "close", close_)


def _install_processes(agent: Agent, patches: Patches) -> None:
    if not agent.adopts:
        return  # what this process starts is not controlled: waiting for it is waiting in real time
    process: Any = multiprocessing.process.BaseProcess
    join = process.join

    def join_(self: Any, timeout: float | None = None) -> None:
        if agent.here() and not agent.quiet and self._popen is not None:
            popen = self._popen

            tries = itertools.count()

            def ended() -> bool:
                with agent.aside():
                    return _soon(lambda: popen.poll() is not None, next(tries) > 0)

            if not agent.acquire(ended, ("end", self.pid), True, timeout, "Process.join"):
                return None
        return join(self, timeout)  # type: ignore[no-any-return]

    patches.set(process, "join", join_)
    waitpid = os.waitpid

    def waitpid_(pid: int, options: int) -> tuple[int, int]:
        if not agent.here() or agent.quiet or options & os.WNOHANG:
            return waitpid(pid, options)
        found: list[tuple[int, int]] = []

        def attempt() -> bool:
            def asked() -> bool:
                found[:] = [waitpid(pid, options | os.WNOHANG)]
                return found[0][0] != 0

            return _soon(asked, next(tries) > 0)

        tries = itertools.count()
        agent.acquire(attempt, ("end", pid), True, None, "os.waitpid")
        return found[0]

    def wait_() -> tuple[int, int]:
        return waitpid_(-1, 0)

    patches.set(os, "waitpid", waitpid_)
    patches.set(os, "wait", wait_)


def _soon(ended: Callable[[], bool], woken: bool) -> bool:
    """Ask ``ended``; where the end has been announced (``woken``), it may take a moment to be seen."""
    end = _monotonic() + (_ENDING if woken else 0.0)
    while not ended():
        if _monotonic() >= end:
            return False
        _sleep(_STEP)
    return True


def _install_time(agent: Agent, patches: Patches) -> None:
    """Time is virtual: a sleep parks, and the clocks agree with it."""
    sleep = time.sleep

    def sleep_(seconds: float) -> None:
        if not agent.here():
            sleep(seconds)
            return
        if seconds < 0:
            raise ValueError("sleep length must be non-negative")
        agent.park(("sleep",), agent.now + seconds, "sleep")

    patches.set(time, "sleep", sleep_)
    for name in CLOCKS:
        patches.set(time, name, _clock(agent, getattr(time, name), 1_000_000_000 if name.endswith("_ns") else 1))


def _clock(agent: Agent, original: Callable[[], Any], units: int) -> Callable[[], Any]:
    """Return ``original``, which counts so many ``units`` a second, moved on by the virtual time that has passed."""

    def clock() -> Any:
        real = original()
        return real + type(real)(agent.now * units) if agent.on else real

    return clock
