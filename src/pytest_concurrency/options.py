"""The options: their names, what each allows, and their declaration to pytest.

A session that stresses nothing reads this module and few others of ours, so it imports nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

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
COMPLETE_STRATEGIES = ("bounded", "dpor")
"""Those that run every schedule, up to a bound or up to equivalence."""
STRATEGIES = ("auto", "random", "pct", "pos", "surw", *COMPLETE_STRATEGIES)
START_METHODS = ("fork", "forkserver", "spawn")
ISOLATIONS = ("worker", "fork")
PATCH_MODES = ("early", "app", "late", "none")
SHARED, PER_WORKER = "shared", "per-worker"
UNSAFE_KEYS: Mapping[str, str] = MappingProxyType(
    {
        "concurrency_unsafe_fixtures": "fixtures that are not made for threads: their users run on one worker",
        "concurrency_unsafe_calls": "dotted names of functions that are not made for threads (module.* for all of one)",
        "concurrency_unsafe_modules": "modules that are not made for threads",
    }
)
FLAGS_OF_RUN_PARALLEL = (
    "--skip-thread-unsafe",
    "--mark-warnings-as-unsafe",
    "--mark-ctypes-as-unsafe",
    "--mark-hypothesis-as-unsafe",
    "--ignore-gil-enabled",
)


class Wrong(ValueError):
    """A value that an option does not allow; the message says what is."""


def integer(low: int) -> Callable[[object], int]:
    """Return a check for whole numbers of at least ``low``."""

    def check(value: object) -> int:
        try:
            if isinstance(value, bool):
                raise ValueError
            number = int(value) if isinstance(value, (int, str)) else None
        except ValueError:
            number = None
        if number is None or number < low:
            raise Wrong(f"a whole number of at least {low}")
        return number

    return check


_LONGEST = 1e6
"""Seconds, eleven days: more are as good as for ever, and few systems can wait for as long as a float can say."""


def _seconds(value: object) -> float:
    try:
        number = float(value) if isinstance(value, (int, float, str)) and not isinstance(value, bool) else None
    except (ValueError, OverflowError):
        number = None
    if number is None or not 0 < number < float("inf"):
        raise Wrong("a number of seconds greater than 0")
    return min(number, _LONGEST)


def _speedup(value: object) -> float | None:
    if value is None:
        return None
    try:
        return _seconds(value)
    except Wrong:
        raise Wrong("a number greater than 0") from None


def _choice(allowed: tuple[str, ...], optional: bool = False) -> Callable[[object], str | None]:
    def check(value: object) -> str | None:
        if value is None and optional:
            return None
        if value not in allowed:
            raise Wrong("one of " + ", ".join(allowed))
        return str(value)

    return check


def _strategy(value: object) -> str:
    if isinstance(value, str) and value in (*STRATEGIES, *_extra_strategies()):
        return value
    raise Wrong("one of " + ", ".join(STRATEGIES + tuple(_extra_strategies())))


def _extra_strategies() -> Iterable[str]:
    from .state import STATE

    return STATE.extra_strategies


def _seed(value: object) -> int | str | None:
    if value is None or value == "random":
        return value
    try:
        if isinstance(value, bool):
            raise ValueError
        if isinstance(value, (int, str)):
            return int(value)
    except ValueError:
        pass
    raise Wrong("a whole number or 'random'")


def _intervals(value: object) -> tuple[float, ...]:
    if isinstance(value, str):
        value = value.replace(",", " ").split()
    if not isinstance(value, Iterable):
        raise Wrong("a sequence of seconds greater than 0")
    try:
        return tuple(_seconds(item) for item in value)
    except Wrong:
        raise Wrong("a sequence of seconds greater than 0") from None


def _modules(value: object) -> tuple[str, ...]:
    names = value.replace(",", " ").split() if isinstance(value, str) else value
    if not isinstance(names, Iterable):
        raise Wrong("a sequence of module names")
    names = tuple(names)
    if not all(isinstance(n, str) and all(p.isidentifier() for p in n.split(".")) for n in names):
        raise Wrong("a sequence of module names")
    return names


def codes(value: object) -> frozenset[str]:
    """Return ``value``, hazard codes in a sequence or a string, as a set; raise :class:`Wrong` where one is none."""
    from .hazards import CATALOGUE

    names = value.replace(",", " ").split() if isinstance(value, str) else value
    if not isinstance(names, Iterable):
        raise Wrong("a sequence of hazard codes such as CH101")
    for code in (names := tuple(names)):
        if not isinstance(code, str) or code not in CATALOGUE:
            raise Wrong(f"a list of hazard codes (see --concurrency-hazards): {code!r} is none")
    return frozenset(names)


def _codes_by_place(value: object) -> tuple[tuple[str, frozenset[str]], ...]:
    """Return ``value``, a mapping or lines "NAME: CODES", as pairs of a module or path and the hazard codes for it."""
    wrong = "a mapping from modules or paths to hazard codes, such as {'cachetools': 'CH101'}"
    if isinstance(value, str):
        wrong = "lines of a module or path, a colon and hazard codes, such as cachetools: CH101"
        value = value.splitlines()
    if isinstance(value, (list, tuple)) and all(isinstance(line, str) for line in value):
        parts = [line.rpartition(":") for line in value if line.strip()]
        if not all(colon for _, colon, _ in parts):
            raise Wrong(wrong)
        value = {name.strip(): given for name, _, given in parts}
    if not isinstance(value, Mapping):
        raise Wrong(wrong)
    found = []
    for name, given in value.items():
        if not isinstance(name, str) or not (is_path(name) or all(part.isidentifier() for part in name.split("."))):
            raise Wrong(f"{wrong}; {name!r} is neither a module nor a path")
        found.append((name, codes(given)))
        for code in sorted(found[-1][1]):
            if not code.startswith("CH1"):
                raise Wrong(f"hazard codes of what schedules show (CH101 to CH110): {code} belongs into ignore")
    return tuple(found)


def is_path(name: str) -> bool:
    """Say whether ``name`` is a path or a pattern of paths, and not the name of a module."""
    return "/" in name or "*" in name or name.endswith(".py")


def _flag(value: object) -> bool:
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in ("true", "1", "yes", "on"):
        return True
    if isinstance(value, str) and value.lower() in ("false", "0", "no", "off", ""):
        return False
    raise Wrong("True or False")


class Option:
    """One setting: which markers take it, how it is checked, whether the command line offers it, its type in TOML.

    No dataclass: this module is read by every session, and making a dataclass compiles code.
    """

    __slots__ = ("check", "command_line", "help", "kinds", "metavar", "name", "toml")

    def __init__(
        self,
        name: str,
        kinds: tuple[str, ...],
        check: Callable[[object], Any],
        help: str,
        command_line: bool = False,
        metavar: str = "",
        toml: type = str,
    ) -> None:
        self.name = name
        self.kinds = kinds
        self.check = check
        self.help = help
        self.command_line = command_line
        self.metavar = metavar
        self.toml = toml


ALL_KINDS = (*KINDS, PARALLELISM)
OPTIONS: Mapping[str, Option] = MappingProxyType(
    {
        option.name: option
        for option in (
            Option("workers", ALL_KINDS, integer(0), "workers that run the body; 0: it starts its own", toml=int),
            Option("schedules", KINDS, integer(1), "schedules to run of each test", True, "N", toml=int),
            Option("repeats", (PROCESSES, GREENLETS), integer(1), "runs of each test in real time", toml=int),
            Option("max_seconds", ALL_KINDS, _seconds, "seconds to spend on each test", True, "S", toml=float),
            Option("strategy", KINDS, _strategy, f"how schedules are chosen: {', '.join(STRATEGIES)}", True, "NAME"),
            Option("seed", KINDS, _seed, "seed of the schedules: a number, or 'random'", True, "N|random", toml=int),
            Option("timeout", ALL_KINDS, _seconds, "real seconds after which one schedule counts as stuck", toml=float),
            Option("switch_intervals", (THREADS,), _intervals, "switch intervals of the free-running phase", toml=list),
            Option("explore_timeouts", (THREADS,), _flag, "let timed waits end while others can run", True, toml=bool),
            Option("fixtures", (THREADS,), _choice((SHARED, PER_WORKER)), "shared, or per-worker", True, "HOW"),
            Option("start_method", (PROCESSES,), _choice(START_METHODS, optional=True), "fork, forkserver or spawn"),
            Option("max_block", (GREENLETS,), _seconds, "seconds that a greenlet may block the others", toml=float),
            Option("patch", (GREENLETS,), _choice(PATCH_MODES), f"when gevent patches: {', '.join(PATCH_MODES)}"),
            Option("min_speedup", (PARALLELISM,), _speedup, "speed-up below which the test fails", toml=float),
            Option("isolation", (GREENLETS,), _choice(ISOLATIONS), "one worker process, or a fork of it a test"),
            Option("include", KINDS, _modules, "installed modules to instrument too", False, "MODULE", toml=list),
            Option("ignore", ALL_KINDS, codes, "hazard codes not to report", toml=list),
            Option("ignore_in", KINDS, _codes_by_place, "hazard codes not to report of a module or path", toml=tuple),
        )
    }
)  # fmt: skip


def _ini_type(toml: type) -> Any:
    """Return pytest's type of an ini key that TOML may have as a ``toml`` beside a string.

    pytest has unions of types since 9.2; before, numbers and truth values are strings in ``[tool.pytest]``, too. A
    ``tuple`` stands for lines, a ``list`` for words.
    """
    import pytest

    if toml in (list, tuple):
        return "args" if toml is list else "linelist"
    return None if toml is str or pytest.version_tuple < (9, 2) else str | toml


def add_options(parser: Parser) -> None:
    """Declare the command-line options and ini keys."""
    group = parser.getgroup("concurrency", "concurrency testing")
    for option in OPTIONS.values():
        parser.addini(f"concurrency_{option.name}", option.help, type=_ini_type(option.toml), default=None)
        if option.command_line:
            group.addoption(
                f"--concurrency-{option.name.replace('_', '-')}",
                dest=f"concurrency_{option.name}",
                default=None,
                help=option.help,
                **({"action": "store_const", "const": True} if option.check is _flag else {"metavar": option.metavar}),
            )
    parser.addini("concurrency_error", "hazard codes to report as errors", type="args", default=None)
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
        help="run every test on N threads, as if each were marked; --concurrency-max-seconds is then for all of them",
    )
    group.addoption(
        "--concurrency-shards",
        dest="concurrency_shards",
        metavar="N",
        default=None,
        help="under pytest-xdist, split the exploration of each test on threads among N of its workers",
    )
    for name, what in UNSAFE_KEYS.items():
        parser.addini(name, what, type="args", default=None)
    _add_options_of_run_parallel(parser)


def _add_options_of_run_parallel(parser: Parser) -> None:
    """Take the options and ini keys of pytest-run-parallel, unless it is installed and does so itself."""
    import importlib.util

    if importlib.util.find_spec("pytest_run_parallel") is not None:
        return
    for key in ("thread_unsafe_fixtures", "thread_unsafe_functions"):
        parser.addini(key, "as in pytest-run-parallel; see concurrency_unsafe_...", type="linelist", default=[])
    group = parser.getgroup("concurrency")
    group.addoption("--parallel-threads", dest="stress_threads", metavar="N", help="same as --stress-threads")
    group.addoption("--iterations", metavar="N", help="of pytest-run-parallel; has no effect: schedules are many")
    for flag in FLAGS_OF_RUN_PARALLEL:
        group.addoption(flag, action="store_const", const=True, default=False, help="of pytest-run-parallel")


def ini(config: Config, key: str) -> Any:
    """Return what the ini file has for ``key``, lists and lines as a string; None or "" where it has nothing."""
    value = config.getini(key)
    between = "\n" if key == "concurrency_ignore_in" else " "
    return between.join(map(str, value)) if isinstance(value, list) else value  # TOML has lists of numbers, too


def given(config: Config) -> bool:
    """Say whether the ini file or the command line holds any setting of ours."""
    options = config.option
    return (
        options.stress_threads is not None
        or options.concurrency_shards is not None
        or any(getattr(options, f"concurrency_{name}", None) is not None for name in OPTIONS)
        or any(config.getini(f"concurrency_{name}") for name in (*OPTIONS, "error"))
    )
