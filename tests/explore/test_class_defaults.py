"""An attribute that has its value from the class until somebody writes to the instance: reading it and writing it meet."""

from __future__ import annotations

import pytest

from pytester_runs import run

SOURCE = """
import threading
import pytest

class Flag:
    up = False

class Base:
    made = None

class Derived(Base):
    pass

def on_threads(*functions):
    threads = [threading.Thread(target=function) for function in functions]
    for thread in threads: thread.start()
    for thread in threads: thread.join()

def twice(holder, name, seen):
    seen.append(getattr(holder, name))
    seen.append(getattr(holder, name))

@pytest.mark.stress_threads(workers=0, strategy="{strategy}")
def test_instance():
    flag, seen = Flag(), []
    def look():
        seen.append(flag.up)
        seen.append(flag.up)
    def write():
        flag.up = True
    on_threads(look, write)
    assert seen[0] is seen[1]

@pytest.mark.stress_threads(workers=0, strategy="{strategy}")
def test_subclass():
    seen = []
    def look():
        seen.append(Derived.made)
        seen.append(Derived.made)
    def write():
        Derived.made = "made"
    try:
        on_threads(look, write)
        assert seen[0] is seen[1]
    finally:
        if "made" in vars(Derived):
            del Derived.made

@pytest.mark.stress_threads(workers=0, strategy="{strategy}")
def test_class_itself():
    flag, seen = Flag(), []
    def look():
        seen.append(flag.up)
        seen.append(flag.up)
    def write():
        Flag.up = None
    try:
        on_threads(look, write)
        assert seen[0] is seen[1]
    finally:
        Flag.up = False

@pytest.mark.stress_threads(workers=0, strategy="{strategy}")
def test_each_has_its_own():
    def work():
        flag = Flag()
        first = flag.up
        flag.up = True
        assert (first, flag.up) == (False, True)
    on_threads(work, work)
"""


@pytest.mark.parametrize("strategy", ["auto", "dpor"])
def test_reading_the_default_meets_the_write_to_the_instance(pytester, strategy):
    done = run(pytester, SOURCE.replace("{strategy}", strategy))
    for name in ("test_instance", "test_subclass", "test_class_itself"):
        assert done.codes(name)[:1] == ["CH110"], done.text
    assert done.outcomes["test_each_has_its_own"] == "PASSED"
    steps = done.tests["test_instance"]["hazards"][0]["steps"]
    told = [(step["action"], step["value"]) for step in steps if step["target"] == "Flag.up"]
    assert told == [("read", "False"), ("write", "True"), ("read", "True")]


def test_a_flag_of_the_class_is_waited_for_without_delay(pytester):
    """The reader spins; its reads were silent, as if nobody ever wrote there, and held each run up for seconds."""
    done = run(
        pytester,
        """
        class Flag:
            up = False

        def test_flag(thread_runner):
            flag = Flag()

            def wait():
                while not flag.up:
                    pass

            def raise_it():
                flag.up = True

            thread_runner.run(wait, raise_it)
        """,
        "--concurrency-schedules=40",
    )
    assert done.tests["test_flag"]["schedules"] >= 40
