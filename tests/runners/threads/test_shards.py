"""``--concurrency-shards``: one test, explored by several workers of pytest-xdist, one verdict."""

from __future__ import annotations

import tempfile
import threading
from pathlib import Path

import pytest

from pytest_concurrency.runners.threads.shards import Shard
from pytest_concurrency.schedules.directives import Directive
from pytester_runs import run

DIRECTIVE = Directive("0", "m:f:read global x#0", 1, "before", "1")

SUITE = """
    import pytest
    log = open("log.txt", "a")
    class Shared:
        a = b = 0
        def set(self):
            self.a = 1
            self.b = -1
        def check(self):
            assert (self.a, self.b) in ((0, 0), (1, -1))
    @pytest.fixture
    def shared(): return Shared()
    def test_deep(thread_runner, shared):
        thread_runner.run(*[shared.set] * 9, shared.check)
    n = 0
    @pytest.mark.parametrize("x", [1])
    class TestIt:
        @pytest.mark.stress_threads(schedules=60)
        def test_right(self, x): assert x == 1
    def test_plain(): pass
    @pytest.mark.stress_threads
    def test_fails(): assert 0
"""


def left_behind() -> set[str]:
    return {path.name for path in Path(tempfile.gettempdir()).glob("pytest-concurrency-shards-*")}


def test_one_verdict_for_each_test(pytester: pytest.Pytester) -> None:
    before = left_behind()
    done = run(pytester, SUITE, "-n2", "--concurrency-shards=2", "--junitxml=junit.xml", "--concurrency-schedules=2000")
    assert done.outcomes == {
        "test_deep": "FAILED", "TestIt::test_right[1]": "PASSED", "test_plain": "PASSED", "test_fails": "FAILED"
    }, done.text  # fmt: skip
    assert set(done.tests) == {"test_deep", "TestIt::test_right[1]", "test_fails"}
    assert done.codes("test_deep")[0] == "CH110"
    assert "2 failed, 2 passed" in done.text
    assert "helper" not in (pytester.path / "junit.xml").read_text()
    assert left_behind() == before
    again = run(pytester, None, f"--concurrency-replay={done.token('test_deep')}")
    assert again.outcomes == {"test_deep": "FAILED"}
    assert "the replayed schedule fails as it did" in again.text
    remembered = run(pytester, None, "-k", "deep", "--concurrency-schedules=5")
    assert remembered.outcomes == {"test_deep": "FAILED"}


def test_without_xdist_nothing_is_split(pytester: pytest.Pytester) -> None:
    done = run(pytester, SUITE, "-p", "no:xdist", "--concurrency-shards=2", "-k", "right")
    assert done.outcomes == {"TestIt::test_right[1]": "PASSED"}
    assert "--concurrency-shards has no effect without the workers of pytest-xdist (-n)" in done.text


@pytest.fixture
def pair(tmp_path: Path) -> tuple[Shard, Shard]:
    return Shard(tmp_path, "t.py::test", 0), Shard(tmp_path, "t.py::test", 1)


def test_no_schedule_is_run_twice(pair: tuple[Shard, Shard]) -> None:
    taken: list[list[int]] = [[], []]

    def explore(which: int) -> None:
        taken[which] += [index for index in range(400) if pair[which].takes(index)]

    threads = [threading.Thread(target=explore, args=(which,)) for which in (0, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(taken[0] + taken[1]) == list(range(400))


def test_a_failure_is_heard_once_and_ends_the_others(pair: tuple[Shard, Shard], tmp_path: Path) -> None:
    test, helper = pair
    other = Shard(tmp_path, "t.py::test", 2)
    assert test.heard() is None
    helper.tell([DIRECTIVE])
    assert other.is_over()
    assert not test.is_over()
    assert test.heard() == (DIRECTIVE,)
    assert test.heard() is None


def test_helpers_stop_when_the_test_has_its_verdict(pair: tuple[Shard, Shard]) -> None:
    test, helper = pair
    assert not helper.is_over()
    test.end()
    assert helper.is_over()


def test_waiting_ends_when_all_that_was_claimed_is_done(pair: tuple[Shard, Shard]) -> None:
    test, helper = pair
    assert helper.takes(0)
    helper.done()
    assert test.wait(60.0) is None


def test_waiting_for_a_helper_that_has_died_is_bounded(
    pair: tuple[Shard, Shard], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pytest_concurrency.runners.threads.shards.PATIENCE", 0.05)
    test, helper = pair
    assert helper.takes(0)
    assert test.wait(0.0) is None


def test_a_damaged_file_is_no_failure(pair: tuple[Shard, Shard], tmp_path: Path) -> None:
    test, helper = pair
    helper.tell([DIRECTIVE])
    (file,) = tmp_path.glob("*/1.failed")
    file.write_text("{")
    assert test.heard() is None
