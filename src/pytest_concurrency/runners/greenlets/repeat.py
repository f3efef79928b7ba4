"""One repeat of a greenlet test: watched, bounded, and cleaned up after."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any

import pytest

from ...model import TestResult
from ...trace.outcome import Blocked, Died
from ..base import Plan
from .callsite import syntax_of
from .channel import Channel, Closed
from .closedpeer import ClosedPeers
from .deadlock import blocked, deaths, where_raised
from .evidence import Block
from .exact import ExactCalls
from .kernel import native_threads
from .lifecycle import Life, Lives, where_parked
from .monitor import Monitor
from .places import is_machinery
from .runner import run_at_once
from .unseen import Unseen
from .why import milliseconds, relative_to

_FORK_WARNING = r"This process \(pid=\d+\) is multi-threaded"
OVERDUE = 1.0  # seconds that the hub has to carry a time-out out before the whole process is given up


@dataclass(frozen=True, slots=True)
class Repeat:
    """What one repeat came to: how it ended, its blocks, and the lives of its greenlets.

    ``began`` in seconds of the performance counter. ``deadlocked`` tells of the greenlets that were waiting when
    nothing could wake one any more, and ``died`` of those that had died before. ``forget`` lets go of the objects of
    the program: what is closed with its last reference must not live on into the next repeat. ``survivors`` are
    greenlets that could not be killed afterwards, ``spawned`` the file and line that spawned one. ``unseen`` are
    exceptions that only the hub has seen, by file and line.
    """

    number: int
    exact: bool
    seconds: float
    error: BaseException | None
    blocks: tuple[Block, ...]
    lives: tuple[Life, ...]
    peers: ClosedPeers
    deadlocked: tuple[Blocked, ...] | None
    forget: Callable[[], None]
    began: float = 0.0
    survivors: int = 0
    spawned: str = ""
    unseen: Mapping[tuple[str, int], str] = field(default_factory=dict)
    died: tuple[Died, ...] = ()


def run_repeat(
    item: pytest.Function,
    plan: Plan,
    number: int,
    exact: bool,
    channel: Channel,
    result: Callable[[Block | None, ClosedPeers], TestResult],
) -> Repeat:
    """Run ``item`` once. ``exact``: time each C call; ``result`` gives the result so far, with a last block and the
    loops on closed peers, for a body that never ends."""
    import gevent
    from gevent.exceptions import LoopExit

    settings = plan.settings
    relative = relative_to(str(item.config.rootpath))
    lives = Lives(
        settings.severity("CH306") is not None,
        lambda: monitor.begin_anew(),
        lambda seconds: monitor.set_aside(seconds),
    )

    def overdue() -> None:
        text = f"the test was still running {settings.timeout:g} s after its start and does not let the hub run"
        block = monitor.current_block()
        if block is not None and block.samples:
            text += f"; greenlet {block.who.path} has kept it for {milliseconds(block.seconds)}:"
            for frame in block.samples[-1].frames:
                if is_machinery(frame.code.co_filename):
                    continue
                text += f"\n  {relative(frame.code.co_filename)}:{frame.line} in {frame.code.co_name}"
        with suppress(Closed):
            channel.send("stuck", text, result(block, peers).to_json())

    monitor = Monitor(settings.max_block, lives.who, settings.timeout + OVERDUE, overdue, lives.in_c)
    peers = ClosedPeers(lives.name_of)
    unseen = Unseen(lives.is_users)
    calls = ExactCalls(monitor, settings.max_block / 2) if exact else None
    body = body_of(item, plan)
    error: BaseException | None = None
    deadlocked: tuple[Blocked, ...] | None = None
    died: tuple[Died, ...] = ()
    limit = gevent.Timeout(settings.timeout, ref=False)
    alone = native_threads() == 1
    syntax_of(str(item.path))  # parsed here, not while the greenlets run
    channel.send("body", True)
    began = perf_counter()
    try:
        peers.start()
        lives.start()
        unseen.start()
        monitor.start()
        limit.start()
        if calls is not None:
            calls.start()
        try:
            with warnings.catch_warnings():
                if alone:  # the watchdog is the only other thread, and does not make a fork dangerous
                    warnings.filterwarnings("ignore", _FORK_WARNING, DeprecationWarning)
                body()
                _let_ends_be_told()
        finally:
            if calls is not None:
                calls.stop()
    except LoopExit as stopped:
        error, deadlocked = stopped, blocked(lives, stopped.__traceback__)
        died = deaths(lives, deadlocked)
    except gevent.Timeout as expired:
        error = _timed_out(lives, settings.timeout, expired, relative) if expired is limit else expired
    except BaseException as raised:
        error = raised
    finally:
        seconds = perf_counter() - began
        limit.close()
        monitor.stop()
        lives.stop()
        unseen.stop()
        survivors, spawned = _end(lives)
        peers.stop()
        channel.send("body", False)
    for life in lives.lives.values():
        life.began = monitor.begun.get(life.greenlet, 0.0)
        life.waited = life.greenlet in monitor.waited
        life.killed = life.greenlet in monitor.killed
        if life.ended:  # its link is told later than it ended
            life.ended = monitor.last_seen.get(life.greenlet, life.ended)
    blocks, ended = tuple(monitor.blocks), tuple(lives.lives.values())
    monitor.forget()
    forget = lives.forget
    return Repeat(
        number, exact, seconds, error, blocks, ended, peers, deadlocked, forget, began, survivors,
        relative(spawned) if spawned else "", unseen.errors, died,
    )  # fmt: skip


def body_of(item: pytest.Function, plan: Plan) -> Callable[[], Any]:
    """Return what one repeat of ``item`` does: the test function once, or in as many greenlets as planned."""
    arguments = {name: item.funcargs[name] for name in item._fixtureinfo.argnames}
    function = item.obj

    def call() -> Any:
        return function(**arguments)

    if plan.via_fixture or plan.settings.workers == 0:
        return call

    def at_once() -> None:
        outcomes = run_at_once((call,) * plan.settings.workers, return_exceptions=True)
        for outcome in outcomes:
            if isinstance(outcome, BaseException):
                raise outcome

    return at_once


def _let_ends_be_told() -> None:
    """Let the loop deliver what greenlets that have ended had to say; twice, since a link may end another."""
    import gevent

    gevent.sleep(0)
    gevent.sleep(0)


def _timed_out(lives: Lives, timeout: float, expired: BaseException, relative: Callable[[str], str]) -> BaseException:
    """Return the failure of a test that was still running after ``timeout`` seconds, with who waits where."""
    rows = [f"the test was still running {timeout:g} s after its start"]
    rows += [
        f"  greenlet {p.worker} waits at {p.path}:{p.line} in {p.target}"
        for p in where_raised(expired.__traceback__, relative)
    ]
    for life in lives.living()[:20]:
        path, line, call = where_parked(life.greenlet)
        if path and not is_machinery(path):
            rows.append(f"  greenlet {life.path} waits at {relative(path)}:{line} in {call}")
    return pytest.fail.Exception("\n".join(rows), pytrace=False)


def _end(lives: Lives) -> tuple[int, str]:
    """Kill the greenlets that the body left running, so that the next repeat begins alike.

    Return how many do not end, since they catch what kills them, and the file and line that spawned one.
    """
    left = lives.living()
    for life in left:
        life.left = True
    kill(life.greenlet for life in left)
    survivors = [life for life in left if not life.greenlet.dead]
    path, line = survivors[0].site if survivors else ("", 0)
    return len(survivors), f"{path}:{line}" if path else ""


def kill(greenlets: Iterable[Any]) -> None:
    """Kill ``greenlets`` and wait a second at most for their end."""
    import gevent

    wanted = list(greenlets)
    if wanted:
        with suppress(gevent.Timeout):
            gevent.killall(wanted, block=True, timeout=1.0)
