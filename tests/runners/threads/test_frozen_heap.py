"""``gc.freeze()`` in a conftest, which makes suites faster: the collector shows no frozen function, and they count."""

from __future__ import annotations

import pytest

from pytester_runs import run

pytest_plugins = ("pytester",)

SOURCE = """
import pytest

total = 0

def add():
    global total
    total += 1

@pytest.fixture
def fresh():
    global total
    total = 0

@pytest.mark.stress_threads(workers=2, max_seconds=20)
def test_add(fresh):
    add()

def test_adds(thread_runner):
    global total
    total = 0
    thread_runner.run(add, add)
    assert total == 2
"""


@pytest.mark.parametrize("hook", ["pytest_collection_finish(session)", "pytest_runtest_setup(item)"])
def test_frozen_functions_are_instrumented(pytester, hook):
    pytester.makeconftest(f"import gc\ndef {hook}: gc.collect(); gc.freeze()")
    told = run(pytester, SOURCE)
    assert told.codes("test_add") == told.codes("test_adds") == ["CH101"]
