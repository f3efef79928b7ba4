"""CPython's own tests, run plain and run instrumented: the outcomes have to be the same.

    python -m benchmarks.stdlib_tests                 every subject
    python -m benchmarks.stdlib_tests heapq shlex     some of them

Each subject is a module of CPython's test suite and the standard-library packages that it tests. Every function of
both is rewritten with all hooks, and every test runs as the only worker of an observing execution. A test whose
outcome differs from the plain run is a fault of the instrumentation, is printed, and makes the exit status 1.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
import unittest
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

TIMEOUT_SECONDS = 900.0
TEST_SECONDS = 120.0
ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, slots=True)
class Subject:
    """One module of the test suite: ``tests`` without its ``test.``, and the ``packages`` instrumented with it."""

    tests: str
    packages: tuple[str, ...]


REAL_TIME = ("_many_threads", "test_many_threads")
"""Ends of the names of tests that are about the real scheduler: threads that produce until somebody stops them."""


SUBJECTS: dict[str, Subject] = {
    name: Subject(f"test_{name}", packages)
    for name, packages in {
        # packages of the standard library
        "argparse": ("argparse", "gettext"),
        "bisect": ("bisect",),
        "calendar": ("calendar",),
        "collections": ("collections", "_collections_abc"),
        "configparser": ("configparser", "collections"),
        "contextlib": ("contextlib",),
        "contextlib_async": ("contextlib",),
        "copy": ("copy", "copyreg"),
        "csv": ("csv",),
        "dataclasses": ("dataclasses",),
        "difflib": ("difflib",),
        "enum": ("enum",),
        "fractions": ("fractions",),
        "functools": ("functools",),
        "graphlib": ("graphlib",),
        "heapq": ("heapq",),
        "html": ("html",),
        "http_cookies": ("http.cookies",),
        "ipaddress": ("ipaddress",),
        "json": ("json",),
        "numeric_tower": ("numbers", "fractions"),
        "ordered_dict": ("collections",),
        "pprint": ("pprint",),
        "queue": ("queue",),
        "reprlib": ("reprlib",),
        "sched": ("sched",),
        "shlex": ("shlex",),
        "statistics": ("statistics", "fractions"),
        "string": ("string",),
        "textwrap": ("textwrap",),
        "tokenize": ("tokenize",),
        "userdict": ("collections",),
        "weakref": ("weakref",),
        "weakset": ("_weakrefset",),
        # the language itself: the functions of the test modules
        "asyncgen": (),
        "augassign": (),
        "binop": (),
        "class": (),
        "coroutines": (),
        "decorators": (),
        "defaultdict": (),
        "deque": (),
        "descr": (),
        "dict": (),
        "except_star": (),
        "exceptions": (),
        "extcall": (),
        "generators": (),
        "genexps": (),
        "global": (),
        "grammar": (),
        "iter": (),
        "itertools": (),
        "keywordonlyarg": (),
        "list": (),
        "listcomps": (),
        "opcodes": (),
        "patma": (),
        "pickle": ("pickle",),
        "raise": (),
        "scope": (),
        "set": (),
        "setcomps": (),
        "slice": (),
        "super": (),
        "traceback": ("traceback",),
        "unpack": (),
        "unpack_ex": (),
        "with": (),
        "yield_from": (),
    }.items()
}


class _Outcomes(unittest.TestResult):
    """Notes how each test ended; a subtest that fails counts as a failure of its test."""

    def __init__(self) -> None:
        super().__init__()
        self.table: dict[str, list[str]] = {}

    def _note(self, test: unittest.TestCase, outcome: str, detail: str = "") -> None:
        name = str(test.id())
        if self.table.get(name, ["passed"])[0] == "passed":
            self.table[name] = [outcome, detail]

    def addSuccess(self, test: unittest.TestCase) -> None:
        self._note(test, "passed")

    def addSkip(self, test: unittest.TestCase, reason: str) -> None:
        self._note(test, "skipped")

    def addError(self, test: unittest.TestCase, err: object) -> None:
        self._note(test, "error", self._exc_info_to_string(err, test))  # type: ignore[attr-defined]

    def addFailure(self, test: unittest.TestCase, err: object) -> None:
        self._note(test, "failed", self._exc_info_to_string(err, test))  # type: ignore[attr-defined]

    def addExpectedFailure(self, test: unittest.TestCase, err: object) -> None:
        self._note(test, "expected failure")

    def addUnexpectedSuccess(self, test: unittest.TestCase) -> None:
        self._note(test, "unexpected success")

    def addSubTest(self, test: unittest.TestCase, subtest: unittest.TestCase, err: object) -> None:
        if err is not None:
            self._note(test, "failed", self._exc_info_to_string(err, test))  # type: ignore[attr-defined,index]


@contextlib.contextmanager
def instrumented(modules: tuple[str, ...]) -> Iterator[tuple[Collection[object], Collection[str]]]:
    """Instrument everything in ``modules``, and run each test case as a worker; gives the sites and the
    functions that the bytecode library cannot take apart (those with t-strings), which run as they are."""
    from pytest_concurrency.instrument.activation import Instrumenter
    from pytest_concurrency.instrument.cache import Cache
    from pytest_concurrency.instrument.scope import Area, Chooser
    from pytest_concurrency.primitives.dispatch import BUILTINS, HOOKS, SUBSTITUTES
    from pytest_concurrency.runtime.execution import Execution
    from pytest_concurrency.runtime.watchdog import Watchdog
    from pytest_concurrency.strategies.serial import Serial

    call = unittest.TestCase.__call__
    chooser = Chooser(Area(os.devnull, include=modules))
    instrumenter = Instrumenter(HOOKS, SUBSTITUTES, BUILTINS, Cache())
    with instrumenter.active(chooser) as sites:

        def as_worker(self: unittest.TestCase, *args: object, **kwargs: object) -> None:
            for site in sites:
                site.off = False
                site.hits = 0
            execution = Execution(Serial(), observing=True, timeout=TEST_SECONDS, sites=sites)
            outcome = execution.run(lambda: call(self, *args, **kwargs))  # type: ignore[arg-type]
            for bad in (
                outcome.error,
                outcome.timed_out,
                *outcome.stuck,
                outcome.livelock,
                *outcome.lost,
                *outcome.leaked,
            ):
                if bad:
                    result = args[0]
                    assert isinstance(result, _Outcomes)
                    result.table[str(self.id())] = ["engine", f"{bad!r}"]

        unittest.TestCase.__call__ = as_worker  # type: ignore[method-assign]
        watchdog = Watchdog()
        watchdog.start()
        try:
            yield sites, instrumenter.untouched
        finally:
            watchdog.stop()
            unittest.TestCase.__call__ = call  # type: ignore[method-assign]


def _flat(suite: unittest.TestSuite) -> Iterator[unittest.TestCase]:
    for entry in suite:
        if isinstance(entry, unittest.TestSuite):
            yield from _flat(entry)
        elif not entry.id().endswith(REAL_TIME):
            yield entry


def run_here(subject: Subject, instrument: bool) -> dict[str, object]:
    """Run the tests of ``subject`` in this process; return what became of each."""
    name = f"test.{subject.tests}"
    suite = unittest.TestSuite(_flat(unittest.defaultTestLoader.loadTestsFromName(name)))
    result = _Outcomes()
    began = time.perf_counter()
    sites = untouched = 0
    if instrument:
        with instrumented((name, *subject.packages)) as (found, left):
            suite.run(result)
            sites, untouched = len(found), len(left)
    else:
        suite.run(result)
    return {"sites": sites, "untouched": untouched, "seconds": time.perf_counter() - began, "tests": result.table}


def run_apart(key: str, instrument: bool, timeout: float = TIMEOUT_SECONDS) -> dict[str, object]:
    """Run the tests of a subject in a process of their own; a crash or a hang is an outcome too."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p), "PYTHONHASHSEED": "0"}
    with tempfile.TemporaryDirectory() as directory:
        answer = Path(directory, "answer.json")
        command = [sys.executable, str(Path(__file__).resolve()), "--child", str(answer), key]
        if instrument:
            command.append("--instrument")
        try:
            done = subprocess.run(
                command, cwd=directory, env=environment, timeout=timeout, stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, errors="replace", check=False,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            return {"sites": 0, "seconds": timeout, "tests": {}, "broken": f"no end within {timeout:g} s"}
        if not answer.exists():
            return {"sites": 0, "seconds": 0.0, "tests": {}, "broken": f"ended with {done.returncode}\n{done.stdout}"}
        return dict(json.loads(answer.read_text()))


def compare(key: str, timeout: float = TIMEOUT_SECONDS) -> tuple[list[str], str]:
    """Return (a text for each difference between the plain and the instrumented run of a subject, a summary)."""
    plain, other = run_apart(key, False, timeout), run_apart(key, True, timeout)
    if "broken" in plain:
        return [], f"{key}: the plain run does not work here: {str(plain['broken']).splitlines()[0]}"
    if "broken" in other:
        return [f"{key}: instrumented: {other['broken']}"], f"{key}: BROKEN"
    before: dict[str, list[str]] = plain["tests"]  # type: ignore[assignment]
    after: dict[str, list[str]] = other["tests"]  # type: ignore[assignment]
    differences = [
        f"{name}: {before.get(name, ['absent'])[0]} -> {after.get(name, ['absent'])[0]}\n{after.get(name, ['', ''])[1]}"
        for name in sorted({*before, *after})
        if before.get(name, ["absent"])[0] != after.get(name, ["absent"])[0]
    ]
    passed = sum(outcome[0] == "passed" for outcome in after.values())
    summary = (
        f"{key}: {len(before)} tests, {passed} passed, {other['sites']} sites, "
        f"{other['untouched']} functions untouched, {len(differences)} differences, "
        f"{plain['seconds']:.1f} s plain, {other['seconds']:.1f} s instrumented"
    )
    return differences, summary


def main(arguments: list[str] | None = None) -> int:
    """Compare the named subjects, or all; return 1 where an outcome differs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("subjects", nargs="*", metavar="SUBJECT", help=f"of: {', '.join(SUBJECTS)}")
    parser.add_argument("--child", help=argparse.SUPPRESS)
    parser.add_argument("--instrument", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    unknown = [name for name in options.subjects if name not in SUBJECTS]
    if unknown:
        parser.error(f"unknown subject: {', '.join(unknown)}")
    if options.child:
        answer = run_here(SUBJECTS[options.subjects[0]], options.instrument)
        Path(options.child).write_text(json.dumps(answer))
        return 0
    wrong = 0
    for key in options.subjects or SUBJECTS:
        differences, summary = compare(key)
        wrong += len(differences)
        print(summary, flush=True)
        for text in differences:
            print("  " + text.replace("\n", "\n    "), flush=True)
    print(f"{sys.version.split()[0]}: {wrong} differences")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
