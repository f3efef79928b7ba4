"""Every example gives the report that it promises, and the README lists it."""

from __future__ import annotations

import importlib.util
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

pytest_plugins = ("pytester",)

ROOT = Path(__file__).parent.parent
EXAMPLES = ROOT / "examples"

# folder -> test -> the codes of the errors reported; an empty tuple: the test passes and nothing is reported
PROMISED: dict[str, dict[str, tuple[str, ...]]] = {
    "unlocked_counter": {"test_two_threads_count": ("CH101",), "test_deposit": ("CH101",)},
    "locked_counter": {"test_lock_inside_the_loop": (), "test_lock_around_the_loop": ()},
    "deadlock": {"test_transfers_cross": ("CH104",), "test_transfers_in_one_order": ()},
    "lost_wakeup": {"test_wait_without_a_look": ("CH106",), "test_wait_for_a_state": ()},
    "check_then_act": {"test_two_customers_one_seat": ("CH110",), "test_two_customers_one_seat_at_once": ()},
    "finish_order": {"test_first_started_ends_first": ("CH110",), "test_results_in_the_order_of_the_tasks": ()},
    "sleeping_threads": {"test_all_at_once": (), "test_one_after_the_other": ()},
    "thread_runner": {
        "test_never_overdrawn": ("CH110",),
        "test_never_overdrawn_checked": (),
        "test_results_in_order": (),
        "test_one_callable_many_workers": (),
        "test_a_worker_s_exception_is_raised_in_the_test": (),
    },
    "process_globals": {"test_a_child_counts": (), "test_a_shared_value": ()},
    "two_processes": {
        "test_called_in_the_parent": ("CH402",),
        "test_two_at_once": (),
        "test_results_in_order": (),
    },
    "process_pool": {
        "test_join_before_close": ("CH406",),
        "test_error_never_fetched": ("CH403",),
        "test_close_then_join": (),
    },
    "lock_around_the_loop": {"test_lock_around_the_loop": (), "test_lock_around_the_update": ()},
    "sleeping_greenlets": {"test_all_sleep_at_once": (), "test_a_sleep_that_stops_everybody": ("CH301",)},
    "echo_server": {"test_as_it_stands": ("CH307",), "test_mended": ()},
}
# the same for warnings, where there are any
WARNED = {
    "process_globals": {"test_a_child_counts": ("CH401",)},
    "lock_around_the_loop": {"test_lock_around_the_loop": ("CH202",)},
    "echo_server": {"test_as_it_stands": ("CH305",)},
}
GREENLETS = {"sleeping_greenlets", "echo_server"}
WITHOUT_REPLAY = GREENLETS | {"two_processes", "process_pool"}


def _folders() -> list[str]:
    return sorted(path.parent.name for path in EXAMPLES.glob("*/test_*.py"))


def test_every_example_is_promised_something() -> None:
    assert _folders() == sorted(PROMISED)


def test_readme_lists_every_example() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert [name for name in _folders() if f"examples/{name}" not in readme] == []


@pytest.mark.parametrize("folder", sorted(PROMISED))
def test_example_gives_the_report_it_promises(folder: str, pytester: pytest.Pytester) -> None:
    for source in (EXAMPLES / folder).glob("*.py"):
        shutil.copy(source, pytester.path)
    seconds = 10 if "lock_around" in folder else 3
    result = pytester.runpytest_subprocess(
        "-p", "no:randomly", "--concurrency-report=json:report.json", f"--concurrency-max-seconds={seconds}"
    )
    if folder in GREENLETS and not _has_gevent():
        result.assert_outcomes(skipped=1)
        return
    report = json.loads((pytester.path / "report.json").read_text(encoding="utf-8"))
    tests = {test["nodeid"].rpartition("::")[2]: test for test in report["tests"]}
    promised = PROMISED[folder]
    assert _codes(tests, "error") == promised, result.stdout.str()
    warned = {name: codes for name, codes in _codes(tests, "warning").items() if codes and not promised[name]}
    expected = {name: codes for name, codes in WARNED.get(folder, {}).items() if not promised[name]}
    assert warned == expected, result.stdout.str()
    outcomes = {name: test["outcome"] for name, test in tests.items()}
    assert outcomes == {name: "failed" if codes else "passed" for name, codes in promised.items()}
    failed = sum(bool(codes) for codes in promised.values())
    result.assert_outcomes(failed=failed, passed=len(promised) - failed)
    docstring = next((EXAMPLES / folder).glob("test_*.py")).read_text(encoding="utf-8").partition('"""\n\n')[0]
    told = [*promised.values(), *WARNED.get(folder, {}).values()]
    for code in {code for codes in told for code in codes}:
        assert code in docstring, f"the example's own text does not name {code}"
        result.stdout.fnmatch_lines([f"*{code}*"])
    if failed and folder not in WITHOUT_REPLAY:
        result.stdout.fnmatch_lines(["Replay: pytest *--concurrency-replay=*"])


def _codes(tests: dict[str, dict[str, Any]], severity: str) -> dict[str, tuple[str, ...]]:
    return {
        name: tuple(sorted({h["code"] for h in test["hazards"] if h["severity"] == severity}))
        for name, test in tests.items()
    }


def _has_gevent() -> bool:
    return importlib.util.find_spec("gevent") is not None
