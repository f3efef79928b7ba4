"""Every example gives the report that it promises, and the README lists it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

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
}


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
    result = pytester.runpytest_subprocess(
        "-p", "no:randomly", "--concurrency-report=json:report.json", "--concurrency-max-seconds=10"
    )
    report = json.loads((pytester.path / "report.json").read_text(encoding="utf-8"))
    tests = {test["nodeid"].rpartition("::")[2]: test for test in report["tests"]}
    promised = PROMISED[folder]
    found = {
        name: tuple(sorted({h["code"] for h in test["hazards"] if h["severity"] == "error"}))
        for name, test in tests.items()
    }
    assert found == promised, result.stdout.str()
    outcomes = {name: test["outcome"] for name, test in tests.items()}
    assert outcomes == {name: "failed" if codes else "passed" for name, codes in promised.items()}
    failed = sum(bool(codes) for codes in promised.values())
    result.assert_outcomes(failed=failed, passed=len(promised) - failed)
    docstring = next((EXAMPLES / folder).glob("test_*.py")).read_text(encoding="utf-8").partition('"""\n\n')[0]
    for code in {code for codes in promised.values() for code in codes}:
        assert code in docstring, f"the example's own text does not name {code}"
        result.stdout.fnmatch_lines([f"*{code}*", "Replay: pytest *--concurrency-replay=*"])
