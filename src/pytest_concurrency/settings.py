"""Settings: marker, ini file and command line, checked and merged into one frozen object.

Precedence: command line, then marker, then ini file, then default. Every check of a value lives in
:data:`.options.OPTIONS`; a wrong value raises :class:`pytest.UsageError` with one sentence that names the test
(or the ini key, or the command-line option), the option, and what is allowed.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import pytest

from .hazards import CATALOGUE
from .options import (
    ALL_KINDS,
    GREENLETS,
    MARKER_OF,
    OPTIONS,
    PARALLELISM,
    PROCESSES,
    SHARED,
    THREADS,
    Option,
    Wrong,
    codes,
    ini,
    integer,
)  # fmt: skip

if TYPE_CHECKING:
    from pytest import Config


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything a runner needs to know about one test.

    ``seed`` is always an integer here: the default is derived from the node id. ``timeout`` and ``max_seconds``
    are real seconds for one schedule and for the whole test. ``fixtures`` says whether workers share function-scoped
    fixtures; ``whole_suite`` that the test is not marked, and stressed because of ``--stress-threads``.
    ``errors`` and ``ignore`` are hazard codes whose severity was changed, ``ignore_in`` those that are ignored where
    all lines are those of a module (its submodules included) or of the files that match a path.
    """

    kind: str = THREADS
    workers: int = 2
    schedules: int = 200
    repeats: int = 10
    max_seconds: float = 5.0
    strategy: str = "auto"
    seed: int = 0
    timeout: float = 10.0
    switch_intervals: tuple[float, ...] = (5e-3, 1e-4, 1e-6)
    start_method: str | None = None
    max_block: float = 0.010
    patch: str = "early"
    isolation: str = "worker"
    explore_timeouts: bool = False
    include: tuple[str, ...] = ()
    ignore: frozenset[str] = frozenset()
    ignore_in: tuple[tuple[str, frozenset[str]], ...] = ()
    errors: frozenset[str] = frozenset()
    replay: str | None = None
    min_speedup: float | None = None
    fixtures: str = SHARED
    whole_suite: bool = False
    explicit: frozenset[str] = field(default=frozenset())

    def severity(self, code: str) -> str | None:
        """Return "error" or "warning" for the hazard ``code``, or None where it is ignored."""
        if code in self.ignore:
            return None
        if code in self.errors:
            return "error"
        return CATALOGUE[code].severity


_KIND_DEFAULTS: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {THREADS: {}, PROCESSES: {"timeout": 30.0}, GREENLETS: {}, PARALLELISM: {"workers": 4, "timeout": 60.0}}
)


def default_seed(nodeid: str) -> int:
    """Return the seed that belongs to a test: the same on every machine and on every day."""
    return int.from_bytes(hashlib.sha256(nodeid.encode()).digest()[:4], "big")


def _checked(option: Option, value: object, where: str, kind: str) -> Any:
    try:
        checked = option.check(value)
    except Wrong as error:
        raise pytest.UsageError(f"{where}: {option.name}={value!r} is not {error}.") from None
    if option.name == "workers" and (sentence := too_many(kind, checked)) is not None:
        raise pytest.UsageError(f"{where}: workers={sentence}.")
    return checked


MOST_WORKERS: Mapping[str, int] = MappingProxyType({THREADS: 500, PROCESSES: 500, GREENLETS: 5000, PARALLELISM: 500})
"""Workers of a test: what a schedule costs grows with their square, and few bugs need more than three."""
_WORKERS_ARE: Mapping[str, str] = MappingProxyType({PROCESSES: PROCESSES, GREENLETS: GREENLETS})


def check_config(config: Config) -> None:
    """Check what the ini file and the command line say; raise UsageError with the first thing wrong."""
    resolve(THREADS, "", {}, config)
    resolve(PROCESSES, "", {}, config)
    resolve(GREENLETS, "", {}, config)
    resolve(PARALLELISM, "", {}, config)
    if config.option.stress_threads is not None:
        stress_threads_workers(config)
    if config.option.concurrency_shards is not None:
        shards_wanted(config)


def too_many(kind: str, workers: int) -> str | None:
    """Say that so many workers are not run; None where they are."""
    if workers <= MOST_WORKERS[kind]:
        return None
    return f"{workers} is more than {MOST_WORKERS[kind]} {_WORKERS_ARE.get(kind, THREADS)}, which one run cannot have"


def shards_wanted(config: Config) -> int:
    """Return N of ``--concurrency-shards N``; raise UsageError where it is no whole number of at least 1."""
    return _at_least_one(config.option.concurrency_shards, "--concurrency-shards")


def stress_threads_workers(config: Config) -> int:
    """Return N of ``--stress-threads N``; raise UsageError where it is no whole number of at least 1.

    ``auto``, of pytest-run-parallel, is a worker for each processor, and at least two: one alone would show nothing.
    """
    wanted = config.option.stress_threads
    if wanted == "auto":
        return max(2, os.cpu_count() or 1)
    number = _at_least_one(wanted, "--stress-threads", " or 'auto'")
    if (sentence := too_many(THREADS, number)) is not None:
        raise pytest.UsageError(f"--stress-threads: {sentence}.")
    return number


def _at_least_one(value: str, flag: str, other: str = "") -> int:
    try:
        return integer(1)(value)
    except Wrong as error:
        raise pytest.UsageError(f"{flag}: {value!r} is not {error}{other}.") from None


@dataclass(slots=True)
class _Merged:
    """What the sources have said so far: a later one replaces values, and adds to what is ignored and included."""

    values: dict[str, Any]
    explicit: set[str] = field(default_factory=set)
    ignored: frozenset[str] = frozenset()
    ignored_in: tuple[tuple[str, frozenset[str]], ...] = ()
    included: tuple[str, ...] = ()

    def take(self, name: str, value: Any) -> None:
        """Take the checked ``value`` of the option ``name``."""
        if name == "ignore":
            self.ignored |= value
        elif name == "ignore_in":
            self.ignored_in += value
        elif name == "include":
            self.included += value
        else:
            self.values[name] = value
            self.explicit.add(name)


def resolve(kind: str, nodeid: str, arguments: Mapping[str, object], config: Config) -> Settings:
    """Merge defaults, ini file, marker ``arguments`` and command line into the settings of one test.

    Raise :class:`pytest.UsageError` naming the test and the argument where a value is not allowed.
    """
    merged = _Merged(dict(_KIND_DEFAULTS[kind]))
    _take_ini(merged, kind, config)
    _take_marker(merged, kind, nodeid, arguments)
    _take_command_line(merged, kind, config)
    errors: frozenset[str] = frozenset()
    ini_errors = ini(config, "concurrency_error")
    if ini_errors:
        errors = _checked(Option("error", ALL_KINDS, codes, ""), ini_errors, "ini key concurrency_error", kind)
    if kind == PARALLELISM and arguments.get("workers") in (1, "1"):
        raise pytest.UsageError(
            f"{nodeid}: parallelism: workers={arguments['workers']!r} is not at least 2, or 0 for a body that starts "
            "its own threads."
        )
    seed = merged.values.get("seed")
    if seed is None:
        merged.values["seed"] = default_seed(nodeid)
    elif seed == "random":
        import secrets

        merged.values["seed"] = secrets.randbits(32)
    return Settings(
        kind=kind,
        **merged.values,
        include=tuple(dict.fromkeys(merged.included)),
        ignore=merged.ignored,
        ignore_in=merged.ignored_in,
        errors=errors - merged.ignored,
        replay=getattr(config.option, "concurrency_replay", None),
        explicit=frozenset(merged.explicit),
    )


def _take_ini(merged: _Merged, kind: str, config: Config) -> None:
    for option in OPTIONS.values():
        value = ini(config, f"concurrency_{option.name}")
        if value is None or value == "" or kind not in option.kinds:
            continue
        merged.take(option.name, _checked(option, value, f"ini key concurrency_{option.name}", kind))


def _take_marker(merged: _Merged, kind: str, nodeid: str, arguments: Mapping[str, object]) -> None:
    where = f"{nodeid}: {MARKER_OF[kind]}"
    for name, value in arguments.items():
        option = OPTIONS.get(name)
        if option is None or kind not in option.kinds:
            allowed = ", ".join(o.name for o in OPTIONS.values() if kind in o.kinds)
            raise pytest.UsageError(f"{where} has no argument {name!r}; it takes {allowed}.")
        merged.take(name, _checked(option, value, where, kind))


def _take_command_line(merged: _Merged, kind: str, config: Config) -> None:
    for option in OPTIONS.values():
        given = getattr(config.option, f"concurrency_{option.name}", None)
        if given is None or kind not in option.kinds:
            continue
        flag = f"--concurrency-{option.name.replace('_', '-')}"
        for value in given if option.name == "include" else (given,):
            merged.take(option.name, _checked(option, value, flag, kind))
