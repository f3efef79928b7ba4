"""Settings: marker, ini file and command line, checked and merged into one frozen object.

Precedence: command line, then marker, then ini file, then default. Every check of a value lives in
:data:`.options.OPTIONS`; a wrong value raises :class:`pytest.UsageError` with one sentence that names the test
(or the ini key, or the command-line option), the option, and what is allowed.
"""

from __future__ import annotations

import hashlib
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
    ``errors`` and ``ignore`` are hazard codes whose severity was changed.
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


def _checked(option: Option, value: object, where: str) -> Any:
    try:
        return option.check(value)
    except Wrong as error:
        raise pytest.UsageError(f"{where}: {option.name}={value!r} is not {error}.") from None


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


def shards_wanted(config: Config) -> int:
    """Return N of ``--concurrency-shards N``; raise UsageError where it is no whole number of at least 1."""
    try:
        return integer(1)(config.option.concurrency_shards)
    except Wrong as error:
        raise pytest.UsageError(f"--concurrency-shards: {config.option.concurrency_shards!r} is not {error}.") from None


def stress_threads_workers(config: Config) -> int:
    """Return N of ``--stress-threads N``; raise UsageError where it is no whole number of at least 1."""
    try:
        return integer(1)(config.option.stress_threads)
    except Wrong as error:
        raise pytest.UsageError(f"--stress-threads: {config.option.stress_threads!r} is not {error}.") from None


def resolve(kind: str, nodeid: str, arguments: Mapping[str, object], config: Config) -> Settings:
    """Merge defaults, ini file, marker ``arguments`` and command line into the settings of one test.

    Raise :class:`pytest.UsageError` naming the test and the argument where a value is not allowed.
    """
    values: dict[str, Any] = dict(_KIND_DEFAULTS[kind])
    explicit: set[str] = set()
    errors: frozenset[str] = frozenset()
    ignored: frozenset[str] = frozenset()
    included: tuple[str, ...] = ()

    for option in OPTIONS.values():
        ini = config.getini(f"concurrency_{option.name}")
        if ini is None or ini == "" or kind not in option.kinds:
            continue
        checked = _checked(option, ini, f"ini key concurrency_{option.name}")
        if option.name == "ignore":
            ignored |= checked
        elif option.name == "include":
            included += checked
        else:
            values[option.name] = checked
            explicit.add(option.name)
    ini_errors = config.getini("concurrency_error")
    if ini_errors:
        errors = _checked(Option("error", ALL_KINDS, codes, ""), ini_errors, "ini key concurrency_error")

    for name, value in arguments.items():
        option = OPTIONS.get(name)  # type: ignore[assignment]
        where = f"{nodeid}: {MARKER_OF[kind]}"
        if option is None or kind not in option.kinds:
            allowed = ", ".join(o.name for o in OPTIONS.values() if kind in o.kinds)
            raise pytest.UsageError(f"{where} has no argument {name!r}; it takes {allowed}.")
        checked = _checked(option, value, where)
        if name == "ignore":
            ignored |= checked
        elif name == "include":
            included += checked
        else:
            values[name] = checked
            explicit.add(name)

    for option in OPTIONS.values():
        given = getattr(config.option, f"concurrency_{option.name}", None)
        if given is None or kind not in option.kinds:
            continue
        flag = f"--concurrency-{option.name.replace('_', '-')}"
        if option.name == "include":
            for module in given:
                included += _checked(option, module, flag)
        else:
            values[option.name] = _checked(option, given, flag)
            explicit.add(option.name)

    if kind == PARALLELISM and arguments.get("workers") in (1, "1"):
        raise pytest.UsageError(
            f"{nodeid}: parallelism: workers={arguments['workers']!r} is not at least 2, or 0 for a body that starts "
            "its own threads."
        )
    seed = values.get("seed")
    if seed is None:
        values["seed"] = default_seed(nodeid)
    elif seed == "random":
        import secrets

        values["seed"] = secrets.randbits(32)
    return Settings(
        kind=kind,
        **values,
        include=tuple(dict.fromkeys(included)),
        ignore=ignored,
        errors=errors - ignored,
        replay=getattr(config.option, "concurrency_replay", None),
        explicit=frozenset(explicit),
    )
