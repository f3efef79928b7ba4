"""Command line beats marker beats ini file; codes that are ignored; the seed."""

from __future__ import annotations

import pytest

from pytest_concurrency.settings import default_seed, stress_threads_workers
from pytester_runs import run

SEEDS = """
import pytest
@pytest.mark.stress_threads(seed=5, schedules=4)
def test_marked(thread_runner): thread_runner.run(int, int)
def test_default(thread_runner): thread_runner.run(int, int)
"""
LOST = """
import pytest
def lost(thread_runner):
    state = {"n": 0}
    def add():
        value = state["n"]
        state["n"] = value + 1
    thread_runner.run(add, add)
    return state["n"]
def test_effect(thread_runner): assert lost(thread_runner) == 2
def test_quiet(thread_runner): lost(thread_runner)
@pytest.mark.stress_threads(ignore=["CH101"])
def test_ignored(thread_runner): lost(thread_runner)
def test_comment(thread_runner):
    state, other = {"n": 0}, {"n": 0}
    def add():
        value = state["n"]
        state["n"] = value + 1  # concurrency: ignore[CH101] an estimate is enough
    thread_runner.run(add, add)
def test_comment_and_another(thread_runner):
    state, other = {"n": 0}, {"n": 0}
    def add():
        value = state["n"]
        state["n"] = value + 1  # concurrency: ignore[CH104, CH101]
        value = other["n"]
        other["n"] = value + 1
    thread_runner.run(add, add)
def test_comment_of_another_code(thread_runner):
    state = {"n": 0}
    def add():
        value = state["n"]
        state["n"] = value + 1  # concurrency: ignore[CH104]
    thread_runner.run(add, add)
"""


def schedules_and_seeds(done):
    return {name: (test["schedules"], test["seed"]) for name, test in done.tests.items()}


def test_precedence_and_seed(pytester):
    own = default_seed("test_it.py::test_default")
    assert schedules_and_seeds(run(pytester, SEEDS, "-o", "concurrency_schedules=7")) == {
        "test_marked": (4, 5), "test_default": (7, own)
    }  # fmt: skip
    pytester.makeini("[pytest]\nconcurrency_schedules = 6\nconcurrency_seed = 9\n")
    assert schedules_and_seeds(run(pytester, None)) == {"test_marked": (4, 5), "test_default": (6, 9)}
    given = run(pytester, None, "--concurrency-schedules=3", "--concurrency-seed=11")
    assert schedules_and_seeds(given) == {"test_marked": (3, 11), "test_default": (3, 11)}
    random = run(pytester, None, "--concurrency-seed=random")
    seeds = {seed for _, seed in schedules_and_seeds(random).values()}
    assert len(seeds - {5, 9, 11, own}) == 2
    assert random.result.ret == 0


@pytest.mark.parametrize(
    ("comment", "wrong"),
    [("ignore", "no hazard is named"), ("ignore[CH999]", "CH999 is no hazard's code"),
     ("ignore[lost update]", "lost, update is no hazard's code")],
)  # fmt: skip
def test_a_comment_that_names_no_hazard(pytester, comment, wrong):
    source = f"""
import pytest
n = 0
@pytest.mark.stress_threads
def test_it():
    global n
    n += 1  # concurrency: {comment}
"""
    done = run(pytester, source, "--concurrency-schedules=5", "-p", "no:cacheprovider")
    assert done.outcomes == {"test_it": "FAILED"}
    told = f"{wrong}, write # concurrency: ignore[CH101] to ignore it at test_it.py:6"
    assert told in done.tests["test_it"]["notes"]


def test_ignoring(pytester):
    done = run(pytester, LOST, "--concurrency-schedules=40", "-p", "no:cacheprovider")
    assert done.outcomes == {
        "test_effect": "FAILED", "test_quiet": "FAILED", "test_ignored": "PASSED", "test_comment": "PASSED",
        "test_comment_and_another": "FAILED", "test_comment_of_another_code": "FAILED",
    }  # fmt: skip
    assert done.tests["test_ignored"]["hazards"] == []
    assert done.tests["test_comment"]["outcome"] == "passed"
    assert "CH101 is ignored by the comment at test_it.py:" in done.text
    (hazard,) = done.tests["test_comment_and_another"]["hazards"]
    assert "other" not in hazard["code"]
    assert hazard["locations"][0]["line"] == LOST.splitlines().index('        value = other["n"]')

    args = ("--concurrency-schedules=40", "-p", "no:cacheprovider", "-o")
    ignored = run(pytester, None, *args, "concurrency_ignore=CH101")
    assert ignored.outcomes["test_quiet"] == "PASSED"
    assert ignored.outcomes["test_effect"] == "FAILED", "the test's own assert is not ignored with its cause"
    assert ignored.codes("test_effect") == ["CH110", "CH102"]
    both = run(pytester, None, *args, "concurrency_ignore=CH101 CH110")
    assert both.result.ret == 0
    assert all(test["hazards"] == [] for test in both.tests.values())


def test_severities_by_code(pytester):
    pytester.makeconftest(
        """
        import dataclasses
        def pytest_concurrency_hazard(item, finding):
            return dataclasses.replace(finding, message="seen by a hook")
        """
    )
    done = run(pytester, LOST, "-k", "test_quiet")
    assert done.tests["test_quiet"]["hazards"][0]["message"] == "seen by a hook"
    assert done.tests["test_quiet"]["hazards"][0]["severity"] == "error"


@pytest.mark.parametrize(
    ("errors", "ignore", "expected"),
    [((), (), "warning"), (("CH105",), (), "error"), (("CH105",), ("CH105",), None)],
)
def test_severity(errors, ignore, expected):
    from pytest_concurrency.settings import Settings

    settings = Settings(errors=frozenset(errors), ignore=frozenset(ignore))
    assert settings.severity("CH105") == expected


TABLES = {
    "ini_options": 'concurrency_workers = 3\nconcurrency_schedules = "7"\nconcurrency_ignore = ["CH101", "CH104, CH110"]\n',
    "strings": 'concurrency_workers = "3"\nconcurrency_schedules = "7"\nconcurrency_ignore = ["CH101", "CH104", "CH110"]\n',
    "native": "concurrency_workers = 3\nconcurrency_schedules = 7\nconcurrency_max_seconds = 4\nconcurrency_timeout = 9.5\n"
    'concurrency_explore_timeouts = true\nconcurrency_ignore = ["CH101", "CH110"]\nconcurrency_error = ["CH102"]\n'
    'concurrency_include = ["colorsys"]\nconcurrency_unsafe_calls = ["textwrap.dedent"]\n'
    'concurrency_switch_intervals = ["0.001"]\n',
}


@pytest.mark.parametrize("kind", TABLES)
def test_ini_keys_in_toml_may_be_lists_and_numbers(pytester, kind):
    if kind != "ini_options" and pytest.version_tuple < ((9, 2) if kind == "native" else (9, 0)):
        pytest.skip("[tool.pytest] is of pytest 9.0, numbers in it of 9.2")
    table = "tool.pytest.ini_options" if kind == "ini_options" else "tool.pytest"
    pytester.makepyprojecttoml(f"[{table}]\n{TABLES[kind]}")
    done = run(
        pytester,
        "import pytest, threading\nseen = set()\n@pytest.mark.stress_threads\n"
        "def test_a(pytestconfig):\n    seen.add(threading.get_ident())\n    assert len(seen) <= 3\n",
        "-Werror",
    )
    assert done.outcomes == {"test_a": "PASSED"}
    assert done.tests["test_a"]["schedules"] >= 1
    assert "Warning" not in done.text


@pytest.mark.parametrize(("processors", "workers"), [(8, 8), (1, 2), (None, 2)])
def test_auto_is_a_thread_for_each_processor_and_at_least_two(pytester, monkeypatch, processors, workers):
    monkeypatch.setattr("os.cpu_count", lambda: processors)
    for flag in ("--stress-threads=auto", "--parallel-threads=auto"):
        assert stress_threads_workers(pytester.parseconfig(flag)) == workers
