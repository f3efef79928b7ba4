"""What is known not to be made for threads: fixtures, calls and modules, from a table and from the ini file."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import pytest

FIXTURES = frozenset({
    "capsys", "capsysbinary", "capfd", "capfdbinary", "capteesys", "caplog", "monkeypatch", "recwarn", "pytester",
    "testdir", "mocker", "class_mocker", "module_mocker", "session_mocker", "record_property",
    "record_xml_attribute", "record_testsuite_property", "subtests", "benchmark", "freezer", "fs", "httpserver",
    "requests_mock", "responses", "socket_disabled", "socket_enabled", "snapshot", "event_loop",
})  # fmt: skip
"""Fixtures that change or watch the state of the whole process."""

CALLS = (
    "pytest.warns", "pytest.deprecated_call", "pytest.MonkeyPatch",
    "warnings.catch_warnings", "warnings.simplefilter", "warnings.filterwarnings", "warnings.resetwarnings",
    "unittest.mock.patch", "mock.patch", "unittest.mock._patch_dict", "mock.mock._patch_dict",
    "contextlib.redirect_stdout", "contextlib.redirect_stderr", "contextlib.chdir",
    "os.chdir", "os.fchdir", "os.putenv", "os.unsetenv", "os.umask", "os.fork", "os._exit",
    "sys.setrecursionlimit", "sys.settrace", "sys.setprofile", "sys.setswitchinterval", "sys.getrefcount",
    "sys._getframe", "sys._current_frames",
    "gc.collect", "gc.disable", "gc.enable", "gc.get_objects", "gc.get_referrers",
    "signal.signal", "signal.alarm", "signal.setitimer", "signal.raise_signal",
    "locale.setlocale", "time.tzset", "random.seed", "socket.setdefaulttimeout", "importlib.reload",
    "logging.disable", "logging.basicConfig", "logging.captureWarnings", "logging.config.dictConfig",
    "threading.active_count", "threading.enumerate", "threading.current_thread", "threading.main_thread",
    "threading.settrace", "threading.setprofile", "tracemalloc.start", "faulthandler.enable",
    "runpy.run_module", "runpy.run_path", "doctest.testmod",
    "click.testing.CliRunner", "typer.testing.CliRunner", "freezegun.freeze_time", "freezegun.api._freeze_time",
    "time_machine.travel",
)  # fmt: skip
"""Functions and classes that replace or read state of the whole process; decorators are instances of such a class."""

METHODS = frozenset({"assertWarns", "assertWarnsRegex", "assertLogs", "assertNoLogs", "getfixturevalue"})
"""Methods, of whatever object, that do so."""

CONTAINERS = ("os.environ", "os.environb", "sys.path", "sys.modules", "sys.meta_path", "sys.path_hooks", "sys.argv")
"""Containers of the whole process; changing one is meant, reading it is not."""

CHANGES = frozenset({
    "append", "extend", "insert", "remove", "pop", "popitem", "clear", "update", "setdefault", "sort", "reverse",
    "__setitem__", "__delitem__",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Rules:
    """Names that keep a test on one worker: ``calls`` are dotted names, ``modules`` whole modules."""

    fixtures: frozenset[str] = FIXTURES
    calls: tuple[str, ...] = CALLS
    modules: frozenset[str] = frozenset()
    hypothesis: bool = True

    def unsafe_objects(self) -> dict[int, str]:
        """Return ``id(object) -> name`` of those calls whose module is loaded."""
        return _loaded(self.calls)


def containers() -> dict[int, str]:
    """Return ``id(container) -> name`` of the process's containers."""
    return _loaded(CONTAINERS)


def _loaded(names: Iterable[str]) -> dict[int, str]:
    found: dict[int, str] = {}
    for name in names:
        module, _, attribute = name.rpartition(".")
        value: Any = getattr(sys.modules.get(module), attribute, None)
        if value is not None:
            found.setdefault(id(value), name)
    return found


def rules_of(config: pytest.Config) -> Rules:
    """Return the rules that the ini file adds to; pytest-run-parallel's names for them count, too."""
    calls = [*CALLS]
    modules = set(_words(config, "concurrency_unsafe_modules"))
    for name in [*_words(config, "concurrency_unsafe_calls"), *_words(config, "thread_unsafe_functions")]:
        if name.endswith(".*"):
            modules.add(name[:-2])
        else:
            calls.append(name)
    if getattr(config.option, "mark_ctypes_as_unsafe", False):
        modules.add("ctypes")
    fixtures = {*_words(config, "concurrency_unsafe_fixtures"), *_words(config, "thread_unsafe_fixtures")}
    return Rules(FIXTURES | fixtures, tuple(calls), frozenset(modules))


def _words(config: pytest.Config, key: str) -> list[str]:
    try:
        value: Any = config.getini(key)
    except ValueError:  # a key of pytest-run-parallel, which is installed and switched off
        return []
    lines = value.splitlines() if isinstance(value, str) else list(value or ())
    return [word for line in lines for word in str(line).replace(",", " ").split()]
