"""Splitting the exploration of one test among the workers of pytest-xdist (``--concurrency-shards N``).

Each stressed test gets N - 1 helpers: copies that the scheduler of pytest-xdist gives to whoever is free. All of them
go through the same sequence of schedules and claim pieces of it, so that no two run the same one. A helper gives no
verdict: a schedule that fails is written down, the test's own process runs it again, and explains it. They talk through
small files in a directory of the session; where a worker cannot see that, on another machine say, helpers do nothing.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from ...files import write_atomically
from ...options import COMPLETE_STRATEGIES, THREADS
from ...realtime import RealTime
from ...schedules.directives import Directive
from ...schedules.token import BadToken, Token, decode, encode, test_digest
from ..base import PLAN

KEY = "concurrency_shards"
PIECE = 4
"""Schedules that are claimed at a time."""
PATIENCE = 2.0
"""Seconds beyond the test's own ``max_seconds`` that it waits for helpers that have claimed something."""
LOOK = 0.01
"""Seconds between two looks at the directory while waiting."""


class Shard:
    """One of those who explore a test; ``helper`` is 0 for the test itself."""

    def __init__(self, directory: Path, nodeid: str, helper: int) -> None:
        self.helper = helper
        self._digest = test_digest(nodeid)
        self._directory = directory / self._digest
        self._directory.mkdir(exist_ok=True)
        self._piece = -1
        self._mine = False
        self._failed: set[str] = set()

    def takes(self, index: int) -> bool:
        """Say whether the schedule with this index is to be run here: claim the piece that it is in, if it is free."""
        piece = index // PIECE
        if piece != self._piece:
            self.done()
            self._piece = piece
            self._mine = self._claim(piece)
        return self._mine

    def _claim(self, piece: int) -> bool:
        try:
            os.close(os.open(self._directory / f"{piece}.claimed", os.O_CREAT | os.O_EXCL))
        except FileExistsError:
            return False
        except OSError:  # the directory is gone: the session is over
            return self.helper == 0
        return True

    def done(self) -> None:
        """Say that what was claimed last has been run."""
        if self._mine:
            self._mine = False
            with contextlib.suppress(OSError):
                (self._directory / f"{self._piece}.done").touch()

    def tell(self, directives: Sequence[Directive]) -> None:
        """Write a failing schedule down for the test's own process."""
        word = encode(Token(self._digest, "", tuple(directives)))
        with contextlib.suppress(OSError):
            write_atomically(self._directory / f"{self.helper}.failed", json.dumps(word))
        self.done()

    def heard(self) -> tuple[Directive, ...] | None:
        """Return a failing schedule that a helper has written down, each once."""
        for name in self._names(".failed"):
            if name not in self._failed:
                self._failed.add(name)
                with contextlib.suppress(OSError, ValueError, BadToken):
                    return decode(json.loads((self._directory / name).read_text(encoding="utf-8"))).directives
        return None

    def is_over(self) -> bool:
        """Say to a helper that nothing more is wanted of it."""
        return self.helper > 0 and (not self._directory.is_dir() or bool(self._names(".failed", ".over")))

    def end(self) -> None:
        """Say that the test has its verdict."""
        self.done()
        if self.helper == 0:
            with contextlib.suppress(OSError):
                (self._directory / "all.over").touch()

    def wait(self, seconds: float) -> tuple[Directive, ...] | None:
        """Wait until all that was claimed has been run, at most so many seconds; return as :meth:`heard`."""
        self.done()
        end = RealTime.monotonic() + max(0.0, seconds) + PATIENCE
        while True:
            told = self.heard()
            if told is not None:
                return told
            if len(self._names(".claimed")) <= len(self._names(".done")) or RealTime.monotonic() > end:
                return None
            RealTime.sleep(LOOK)

    def _names(self, *endings: str) -> list[str]:
        try:
            return sorted(name for name in os.listdir(self._directory) if name.endswith(endings))
        except OSError:
            return []


SHARD: pytest.StashKey[Shard] = pytest.StashKey()


class Controller:
    """In the process that starts the workers: makes the directory, tells the workers, removes it."""

    def __init__(self, config: pytest.Config) -> None:
        self._directory = tempfile.mkdtemp(prefix="pytest-concurrency-shards-")
        config.add_cleanup(lambda: shutil.rmtree(self._directory, ignore_errors=True))

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        node.workerinput[KEY] = self._directory


class Helpers:
    """In a worker: runs helpers without a word to anybody."""

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item, nextitem: pytest.Item | None) -> bool | None:
        shard = item.stash.get(SHARD, None)
        if shard is None or shard.helper == 0:
            return None
        from _pytest.runner import runtestprotocol

        if not shard.is_over():
            runtestprotocol(item, nextitem=nextitem, log=False)
        elif nextitem is not None:
            item.session._setupstate.teardown_exact(nextitem)
        return True


def split(items: list[pytest.Item], config: pytest.Config, shards: int) -> None:
    """Give the tests among ``items`` that are stressed on threads their shards, and put helpers at the end."""
    directory = Path(getattr(config, "workerinput", {}).get(KEY, ""))
    if not directory.name:
        return
    seen = directory.is_dir()
    helpers = []
    for item in items:
        plan = item.stash.get(PLAN, None)
        if plan is None or plan.kind != THREADS or plan.implicit or plan.settings.strategy in COMPLETE_STRATEGIES:
            continue
        if not isinstance(item, pytest.Function) or getattr(item.obj, "is_hypothesis_test", False):
            continue
        if seen:
            item.stash[SHARD] = Shard(directory, item.nodeid, 0)
        for number in range(1, shards):
            helper = _copy(item, number)
            helper.stash[PLAN] = plan
            if seen:
                helper.stash[SHARD] = Shard(directory, item.nodeid, number)
            else:
                helper.runtest = lambda: None  # type: ignore[method-assign]
                del helper.stash[PLAN]
            helpers.append(helper)
    items.extend(helpers)
    if helpers:
        config.pluginmanager.register(Helpers(), "concurrency-helpers")


def _copy(item: pytest.Function, number: int) -> pytest.Function:
    given: dict[str, Any] = {"name": item.name}
    if type(item) is pytest.Function:
        given.update(
            callspec=getattr(item, "callspec", None), fixtureinfo=item._fixtureinfo, originalname=item.originalname
        )
    copy: Any = type(item).from_parent(item.parent, **given)
    copy.own_markers = list(item.own_markers)
    copy.keywords.update(item.keywords)
    copy._nodeid = f"{item.nodeid}@helper{number}"
    return copy  # type: ignore[no-any-return]
