"""Modules that a test imports for the first time in its own body are instrumented all the same."""

from __future__ import annotations

import json

import pytest

SHOP = """
class Shop:
    def __init__(self):
        self.sold = 0

    def sell(self):
        self.sold += 1
"""

TEST = """
def test_sales(thread_runner):
    from shop import Shop

    shop = Shop()
    thread_runner.run(shop.sell, shop.sell)
"""


def test_late_import_is_instrumented_and_replays(pytester):
    pytester.makepyfile(shop=SHOP, test_sales=TEST)
    report = pytester.path / "report.json"
    options = ("-p", "no:randomly", f"--concurrency-report=json:{report}")
    result = pytester.runpytest_subprocess(*options)
    result.assert_outcomes(failed=1)
    (hazard,) = json.loads(report.read_text())["tests"][0]["hazards"]
    assert hazard["code"] == "CH101"
    assert {location["path"] for location in hazard["locations"]} == {"shop.py"}

    replayed = pytester.runpytest_subprocess(*options, f"--concurrency-replay={hazard['replay']}")
    replayed.assert_outcomes(failed=1)
    replayed.stdout.fnmatch_lines(["*the replayed schedule fails as it did*"])


EXECUTORS = """
import concurrent.futures

import pytest


@pytest.mark.stress_threads(workers=0)
def test_nested():
    with {executor}(2) as executor:
        outer = [executor.submit(lambda: executor.submit(int).result()) for _ in range(2)]
        assert [each.result() for each in outer] == [0, 0]
"""


@pytest.mark.parametrize("executor", ["concurrent.futures.ThreadPoolExecutor", "__import__('library').Executor"])
def test_executors_that_are_loaded_on_first_use_are_controlled(pytester, executor):
    pytester.makepyfile(
        library="from concurrent.futures.thread import ThreadPoolExecutor as Executor",
        test_nested=EXECUTORS.format(executor=executor),
    )
    report = pytester.path / "report.json"
    result = pytester.runpytest_subprocess("-p", "no:randomly", f"--concurrency-report=json:{report}", timeout=60)
    result.assert_outcomes(failed=1)
    (hazard,) = json.loads(report.read_text())["tests"][0]["hazards"]
    assert hazard["code"] == "CH104"
    assert {(line["path"], line["line"]) for line in hazard["locations"]} >= {("test_nested.py", 9)}


LIBRARY_IN_THE_BODY = """
import pytest


@pytest.mark.stress_threads(workers=0)
def test_pool():
    from multiprocessing.pool import ThreadPool

    done = []
    with ThreadPool(2) as pool:
        pool.map(lambda each: done.append(each), [1, 2], chunksize=1)
    assert done == [1, 2]
"""


def test_a_pool_that_is_imported_in_the_body_is_controlled(pytester):
    pytester.makepyfile(test_pool=LIBRARY_IN_THE_BODY)
    report = pytester.path / "report.json"
    result = pytester.runpytest_subprocess("-p", "no:randomly", f"--concurrency-report=json:{report}", timeout=60)
    result.assert_outcomes(failed=1)
    (hazard,) = json.loads(report.read_text())["tests"][0]["hazards"]
    assert hazard["code"] == "CH110"
