"""Tables of outcomes: what is counted, what is one class of interleavings, and what a forbidden outcome does."""

from __future__ import annotations

import json

import pytest

from pytest_concurrency.explore.outcomes import Tally, described, interleaving, judged
from pytest_concurrency.instrument.sites import ATTR, WRITE, Site

TESTS = """
class Pair:
    def __init__(self):
        self.x = self.y = 0

    def set_x(self):
        self.x = 1
        return self.y

    def set_y(self):
        self.y = 1
        return self.x

    def claim(self):
        if self.x == 0:
            self.x = 1
            self.y += 1


def test_store_buffer(thread_runner):
    pair = Pair()
    thread_runner.outcome(tuple(thread_runner.run(pair.set_x, pair.set_y)), forbidden=[(0, 0)])


def test_counter(thread_runner):
    pair = Pair()
    thread_runner.run(pair.claim, workers=2)
    thread_runner.outcome(pair.y, acceptable=[1])


def test_only_counted(thread_runner):
    thread_runner.run(lambda: None, workers=2)
    thread_runner.outcome(Pair())
"""


def test_table_forbidden_outcome_and_replay(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(test_it=TESTS)
    options = ("-p", "no:randomly", "-p", "no:cacheprovider", "--concurrency-report=json:report.json")
    result = pytester.runpytest_subprocess(*options, "--concurrency-strategy=auto", "--concurrency-max-seconds=30")
    tests = json.loads((pytester.path / "report.json").read_text())["tests"]
    result.stdout.fnmatch_lines(["FAILED test_it.py::test_counter - ForbiddenOutcome: the outcome 2 is forbidden"])
    buffer, counter, counted = [test["outcomes"] for test in tests]
    assert {(row["value"], row["interleavings"], row["verdict"]) for row in buffer} == {
        ("(0, 1)", 1, "acceptable"), ("(1, 0)", 1, "acceptable"), ("(1, 1)", 1, "acceptable"),
    }  # fmt: skip
    assert sum(row["times"] for row in buffer) == tests[0]["schedules"]
    assert [row["value"] for row in counted] == ["<test_it.Pair object>"]
    assert counted[0]["verdict"] == "unspecified"
    assert [(row["value"], row["verdict"]) for row in counter] == [("1", "acceptable"), ("2", "forbidden")]
    (hazard,) = [h for h in tests[1]["hazards"] if h["code"] == "CH110"]
    assert (hazard["preemptions"], hazard["schedule"]) == (1, counter[1]["schedule"])
    result.stdout.fnmatch_lines(["*test_store_buffer: outcomes", "*outcome*times*interleavings*verdict"])
    again = pytester.runpytest_subprocess(*options, f"--concurrency-replay={hazard['replay']}")
    again.stdout.fnmatch_lines(["*the outcome 2 is forbidden*", "*the replayed schedule fails as it did*"])


@pytest.mark.parametrize(
    ("value", "acceptable", "forbidden", "verdict"),
    [
        (1, None, (), "unspecified"),
        (1, [1], (), "acceptable"),
        (2, [1], (), "forbidden"),
        (2, None, [1], "acceptable"),
        (1, [1], [1], "forbidden"),
    ],
)
def test_verdict(value: int, acceptable: list[int] | None, forbidden: list[int], verdict: str) -> None:
    assert judged(value, acceptable, forbidden) == verdict


def test_values_are_described_without_addresses() -> None:
    assert described(object()) == "<object object>"
    assert len(described("x" * 1_000)) == 200


def entry(location: str, worker: str, write: bool, occurrence: int = 1) -> tuple[object, str, Site, int, bool]:
    site = Site(ATTR, WRITE, location, f"{location}{write}", "f.py", 1, "f", 0, muted=False)
    return (location, "attr"), worker, site, occurrence, write


def test_only_the_order_of_conflicting_operations_makes_an_interleaving() -> None:
    a, b = entry("a", "0", True), entry("a", "1", False)
    other, elsewhere = entry("a", "0", False, 2), entry("b", "1", True)
    assert interleaving([a, b, other]) == interleaving([a, other, b])
    assert interleaving([a, b, elsewhere]) == interleaving([elsewhere, a, b])
    assert interleaving([a, b]) != interleaving([b, a])


def test_schedules_that_do_not_count_are_left_out() -> None:
    tally = Tally()
    for number, value in enumerate(["a", "b", "a", "c"], start=1):
        tally.note(number, [(value, "unspecified")], ())
    tally.note(3, [("b", "unspecified")], ())
    assert [(row.value, row.times, row.schedule) for row in tally.table(3)] == [("b", 2, 2), ("a", 1, 1)]
