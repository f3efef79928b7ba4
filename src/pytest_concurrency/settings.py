"""Settings: marker, ini file and command line, checked and merged into one frozen object.

Precedence: command line, then marker, then ini file, then default. Every check of a value lives in
:data:`OPTIONS`; a wrong value raises :class:`pytest.UsageError` with one sentence that names the test (or the ini
key, or the command-line option), the option, and what is allowed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import pytest

from .hazards import CATALOGUE

if TYPE_CHECKING:
    from pytest import Config, Parser

THREADS = "threads"
PROCESSES = "processes"
GREENLETS = "greenlets"
PARALLELISM = "parallelism"
KINDS = (THREADS, PROCESSES, GREENLETS)
MARKERS: Mapping[str, str] = MappingProxyType(
    {**{f"stress_{kind}": kind for kind in KINDS}, "parallelism": PARALLELISM}
)
MARKER_OF: Mapping[str, str] = MappingProxyType({kind: name for name, kind in MARKERS.items()})
FIXTURES: Mapping[str, str] = MappingProxyType(
    {"thread_runner": THREADS, "process_runner": PROCESSES, "greenlet_runner": GREENLETS}
)
STRATEGIES = ("auto", "random", "pct", "pos", "surw", "bounded", "dpor")
START_METHODS = ("fork", "forkserver", "spawn")
ISOLATIONS = ("worker", "fork")
PATCH_MODES = ("early", "app", "late", "none")


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything a runner needs to know about one test.

    ``seed`` is always an integer here: the default is derived from the node id. ``timeout`` and ``max_seconds``
    are real seconds for one schedule and for the whole test. ``errors`` and ``ignore`` are hazard codes whose
    severity was changed.
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
    explicit: frozenset[str] = field(default=frozenset())

    def severity(self, code: str) -> str | None:
        """Return "error" or "warning" for the hazard ``code``, or None where it is ignored."""
        if code in self.ignore:
            return None
        if code in self.errors:
            return "error"
        return CATALOGUE[code].severity


class _Wrong(ValueError):
    """A value that an option does not allow; the message says what is."""


def _integer(low: int) -> Callable[[object], int]:
    def check(value: object) -> int:
        try:
            if isinstance(value, bool):
                raise ValueError
            number = int(value) if isinstance(value, (int, str)) else None
        except ValueError:
            number = None
        if number is None or number < low:
            raise _Wrong(f"a whole number of at least {low}")
        return number

    return check


def _seconds(value: object) -> float:
    try:
        number = float(value) if isinstance(value, (int, float, str)) and not isinstance(value, bool) else None
    except ValueError:
        number = None
    if number is None or not 0 < number < float("inf"):
        raise _Wrong("a number of seconds greater than 0")
    return number


def _speedup(value: object) -> float | None:
    if value is None:
        return None
    try:
        return _seconds(value)
    except _Wrong:
        raise _Wrong("a number greater than 0") from None


def _choice(allowed: tuple[str, ...], optional: bool = False) -> Callable[[object], str | None]:
    def check(value: object) -> str | None:
        if value is None and optional:
            return None
        if value not in allowed:
            raise _Wrong("one of " + ", ".join(allowed))
        return str(value)

    return check


def _strategy(value: object) -> str:
    if isinstance(value, str) and value in STRATEGIES + tuple(_extra_strategies()):
        return value
    raise _Wrong("one of " + ", ".join(STRATEGIES + tuple(_extra_strategies())))


def _extra_strategies() -> Iterable[str]:
    from .runtime.state import STATE

    return STATE.extra_strategies


def _seed(value: object) -> int | str | None:
    if value is None or value == "random":
        return value
    try:
        if isinstance(value, bool):
            raise ValueError
        return int(value) if isinstance(value, (int, str)) else _fail_seed()
    except ValueError:
        return _fail_seed()


def _fail_seed() -> int:
    raise _Wrong("a whole number or 'random'")


def _intervals(value: object) -> tuple[float, ...]:
    if isinstance(value, str):
        value = value.replace(",", " ").split()
    if not isinstance(value, Iterable):
        raise _Wrong("a sequence of seconds greater than 0")
    return tuple(_seconds(item) for item in value)


def _modules(value: object) -> tuple[str, ...]:
    names = value.replace(",", " ").split() if isinstance(value, str) else value
    if not isinstance(names, Iterable):
        raise _Wrong("a sequence of module names")
    names = tuple(names)
    if not all(isinstance(n, str) and all(p.isidentifier() for p in n.split(".")) for n in names):
        raise _Wrong("a sequence of module names")
    return names


def _codes(value: object) -> frozenset[str]:
    names = value.replace(",", " ").split() if isinstance(value, str) else value
    if not isinstance(names, Iterable):
        raise _Wrong("a sequence of hazard codes such as CH101")
    for code in (names := tuple(names)):
        if not isinstance(code, str) or code not in CATALOGUE:
            raise _Wrong(f"a list of hazard codes (see --concurrency-hazards): {code!r} is none")
    return frozenset(names)


def _flag(value: object) -> bool:
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in ("true", "1", "yes", "on"):
        return True
    if isinstance(value, str) and value.lower() in ("false", "0", "no", "off", ""):
        return False
    raise _Wrong("True or False")


@dataclass(frozen=True, slots=True)
class Option:
    """One setting: which markers take it, how it is checked, and whether the command line offers it."""

    name: str
    kinds: tuple[str, ...]
    check: Callable[[object], Any]
    help: str
    command_line: bool = False
    metavar: str = ""


_ALL = (*KINDS, PARALLELISM)
OPTIONS: Mapping[str, Option] = MappingProxyType(
    {
        option.name: option
        for option in (
            Option("workers", _ALL, _integer(0), "workers that run the body at once; 0: once, it starts its own"),
            Option("schedules", (THREADS, PROCESSES), _integer(1), "schedules to run of each test", True, "N"),
            Option("repeats", (PROCESSES, GREENLETS), _integer(1), "times to run each test"),
            Option("max_seconds", _ALL, _seconds, "seconds to spend on each test", True, "S"),
            Option("strategy", (THREADS, PROCESSES), _strategy, "how schedules are chosen", True, "NAME"),
            Option("seed", KINDS, _seed, "seed of the schedules: a number, or 'random'", True, "N|random"),
            Option("timeout", _ALL, _seconds, "real seconds after which one schedule counts as stuck"),
            Option("switch_intervals", (THREADS,), _intervals, "switch intervals of the free-running phase"),
            Option("explore_timeouts", (THREADS,), _flag, "let timed waits end while others could run", True),
            Option("start_method", (PROCESSES,), _choice(START_METHODS, optional=True), "start method"),
            Option("max_block", (GREENLETS,), _seconds, "seconds that a greenlet may block the others"),
            Option("patch", (GREENLETS,), _choice(PATCH_MODES), "when gevent patches"),
            Option("min_speedup", (PARALLELISM,), _speedup, "speed-up below which the test fails"),
            Option("isolation", (GREENLETS,), _choice(ISOLATIONS), "one worker process, or a fork of it a test"),
            Option("include", (THREADS, PROCESSES), _modules, "installed modules to instrument too", False, "MODULE"),
            Option("ignore", _ALL, _codes, "hazard codes not to report"),
        )
    }
)  # fmt: skip

_KIND_DEFAULTS: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {THREADS: {}, PROCESSES: {"timeout": 30.0}, GREENLETS: {}, PARALLELISM: {"workers": 4, "timeout": 60.0}}
)
_INI_ONLY_CODES = ("ignore", "error")


def add_options(parser: Parser) -> None:
    """Declare the command-line options and ini keys."""
    group = parser.getgroup("concurrency", "concurrency testing")
    for option in OPTIONS.values():
        parser.addini(f"concurrency_{option.name}", option.help, default=None)
        if option.command_line:
            group.addoption(
                f"--concurrency-{option.name.replace('_', '-')}",
                dest=f"concurrency_{option.name}",
                default=None,
                help=option.help,
                **({"action": "store_const", "const": True} if option.check is _flag else {"metavar": option.metavar}),
            )
    parser.addini("concurrency_error", "hazard codes to report as errors", default=None)
    group.addoption(
        "--concurrency-include",
        dest="concurrency_include",
        metavar="MODULE",
        action="append",
        default=None,
        help="instrument this installed package or module too; repeatable",
    )
    group.addoption(
        "--concurrency-replay",
        dest="concurrency_replay",
        metavar="TOKEN",
        default=None,
        help="run exactly the schedule of this token, of the test it was made for",
    )
    group.addoption(
        "--concurrency-report",
        dest="concurrency_report",
        metavar="KIND:PATH",
        action="append",
        default=[],
        help="write a report; KIND is json, html, sarif, github, or what another plugin adds; PATH left out: "
        "standard output; repeatable",
    )
    group.addoption(
        "--concurrency-baseline",
        dest="concurrency_baseline",
        metavar="FILE",
        default=None,
        help="do not fail on the hazards that this file knows",
    )
    group.addoption(
        "--concurrency-update-baseline",
        dest="concurrency_update_baseline",
        action="store_true",
        default=False,
        help="write the hazards of this run into the file of --concurrency-baseline; none of them fails",
    )
    group.addoption(
        "--concurrency-hazards",
        dest="concurrency_hazards",
        action="store_true",
        default=False,
        help="print the catalogue of hazards and stop",
    )
    group.addoption(
        "--stress-threads",
        dest="stress_threads",
        metavar="N",
        default=None,
        help="run every test on N threads, as if each were marked",
    )


def default_seed(nodeid: str) -> int:
    """Return the seed that belongs to a test: the same on every machine and on every day."""
    return int.from_bytes(hashlib.sha256(nodeid.encode()).digest()[:4], "big")


def _checked(option: Option, value: object, where: str) -> Any:
    try:
        return option.check(value)
    except _Wrong as error:
        raise pytest.UsageError(f"{where}: {option.name}={value!r} is not {error}.") from None


def check_config(config: Config) -> None:
    """Check what the ini file and the command line say; raise UsageError with the first thing wrong."""
    resolve(THREADS, "", {}, config)
    resolve(PROCESSES, "", {}, config)
    resolve(GREENLETS, "", {}, config)
    resolve(PARALLELISM, "", {}, config)
    if config.option.stress_threads is not None:
        stress_threads_workers(config)


def stress_threads_workers(config: Config) -> int:
    """Return N of ``--stress-threads N``; raise UsageError where it is no whole number of at least 1."""
    try:
        return _integer(1)(config.option.stress_threads)
    except _Wrong as error:
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
        errors = _checked(Option("error", _ALL, _codes, ""), ini_errors, "ini key concurrency_error")

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


def with_overrides(settings: Settings, **changes: Any) -> Settings:
    """Return ``settings`` with some fields replaced (already checked values)."""
    return replace(settings, **changes)
