"""Locks that an ``ExitStack`` enters are controlled like those of a ``with`` statement."""

from __future__ import annotations

import pytest

from pytester_runs import run

SOURCE = """
import threading
from contextlib import ExitStack
import pytest

def take(locks):
    with ExitStack() as stack:
        for lock in locks:
            stack.enter_context(lock)

@pytest.mark.parametrize("kind", ["Lock", "RLock"])
def test_opposite_orders(thread_runner, kind):
    locks = [getattr(threading, kind)() for _ in range(2)]
    thread_runner.run(lambda: take(locks), lambda: take(locks[::-1]))

def test_one_order(thread_runner):
    locks = [threading.Lock(), threading.RLock()]
    total = [0]
    def add():
        with ExitStack() as stack:
            assert stack.enter_context(locks[0]) is True
            kept = stack.pop_all()
        with kept:
            assert locks[0].locked()
            take(locks[1:])
            total[0] += 1
        assert not any(lock.acquire(False) and lock.release() for lock in locks)
    thread_runner.run(add, add)
    assert total == [2]
"""


def test_a_deadlock_of_locks_in_exit_stacks_is_found(pytester: pytest.Pytester) -> None:
    done = run(pytester, SOURCE)
    for kind in ("Lock", "RLock"):
        name = f"test_opposite_orders[{kind}]"
        assert done.codes(name) == ["CH104"], done.text
        places = {(place["line"], place["action"]) for place in done.tests[name]["hazards"][0]["locations"]}
        assert (8, "wait") in places
        assert done.tests[name]["seconds"] < 3
    assert done.outcomes["test_one_order"] == "PASSED", done.text
    assert done.tests["test_one_order"]["seconds"] < 3
