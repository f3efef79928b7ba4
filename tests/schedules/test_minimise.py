"""Shortening a schedule: one preemption is tried before many, and a part of a failure counts as that failure."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pytest_concurrency.detect.failures import Failure, same_bug
from pytest_concurrency.schedules.directives import BEFORE, BLOCKED, Directive
from pytest_concurrency.schedules.minimise import ddmin, few_preemptions, preemptions_of, straight


def directive(number: int, moment: str = BEFORE) -> Directive:
    return Directive("0", f"site{number}", 1, moment, "1")


def test_schedules_with_one_preemption_come_first_and_the_latest_of_them() -> None:
    early, forced, late = directive(1), directive(2, BLOCKED), directive(3)
    assert list(few_preemptions([early, forced, late])) == [[late], [early], [forced, late], [forced, early]]
    assert list(few_preemptions([early, late])) == [[late], [early]]
    assert len(list(few_preemptions([directive(n) for n in range(100)], limit=10))) == 10


def test_a_schedule_goes_straight_to_the_worker_that_failed() -> None:
    begin = Directive("main", "", 1, BLOCKED, "3")
    long = [begin, directive(1), Directive("5", "site2", 1, BEFORE, "6"), Directive("6", "", 1, BLOCKED, "9")]
    first, second, *rest = straight(long, ["9"])
    assert first == [replace(begin, to="5"), Directive("5", "site2", 1, BEFORE, "9")]
    assert second == [replace(begin, to="0"), replace(directive(1), to="9")]
    assert all(len(candidate) == 2 for candidate in rest)
    assert len(list(straight([directive(n) for n in range(100)], limit=10))) == 10


def test_workers_that_do_the_same_stand_in_for_each_other() -> None:
    first, second = Directive("0", "read", 1, BEFORE, "1"), Directive("1", "write", 1, BEFORE, "0")
    assert [replace(second, worker="0", to="1")] in straight([first, second])


def test_what_lets_the_test_start_others_is_kept_in_the_end() -> None:
    back = Directive("0", "", 1, BEFORE, "main")
    long = [back, directive(1), Directive("1", "site2", 1, BEFORE, "0")]
    schedules = list(straight(long))
    assert [back, directive(1)] in schedules
    assert schedules.index([directive(1)]) < schedules.index([back, directive(1)])
    assert preemptions_of([back, Directive("0", "", 1, BLOCKED, "1"), *long]) == 4


def test_nothing_can_be_left_out_of_what_remains() -> None:
    assert ddmin(list(range(40)), lambda items: {3, 30} <= set(items)) == [3, 30]


@pytest.mark.parametrize(
    ("code", "wanted", "place", "same"),
    [
        ("CH104", (("f.py", 1), ("f.py", 2)), (("f.py", 2),), True),
        ("CH104", (("f.py", 1), ("f.py", 2)), (("f.py", 3),), False),
        ("CH106", (("f.py", 1),), (), False),
        ("CH101", ("read", "write"), ("read", "other"), False),
    ],
)
def test_a_part_of_a_failure(code: str, wanted: tuple[object, ...], place: tuple[object, ...], same: bool) -> None:
    assert same_bug(Failure(code, wanted, ""), Failure(code, place, "")) is same
    assert not same_bug(Failure(code, wanted, ""), Failure("CH107", wanted, ""))


def test_one_of_several_errors() -> None:
    group = ExceptionGroup("several", [ValueError("x"), KeyError("y")])
    wanted = Failure("CH110", ("ExceptionGroup", ("", 0)), "", group)
    assert same_bug(wanted, Failure("CH110", ("KeyError", ("", 0)), ""))
    assert not same_bug(wanted, Failure("CH110", ("OSError", ("", 0)), ""))
