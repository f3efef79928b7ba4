"""Starting a thread where C refuses to."""

from __future__ import annotations

import sys

import pytest

from pytester_runs import run

STARTED_BY_TWO = """
    import threading

    def test_start(thread_runner):
        late = threading.Thread(target=print, daemon=True)

        def start():
            try:
                late.start()
            except RuntimeError:
                pass

        thread_runner.run(start, workers=2)
        late.join()
"""

NO_MORE_THREADS = """
    import threading

    import pytest

    def start(name):
        thread = threading.Thread(target=print)
        thread._bootstrap = None  # what C cannot call it refuses to start
        try:
            thread.start()
        except TypeError:
            return name
        thread.join()

    @pytest.mark.stress_threads(schedules=20)
    def test_refused():
        assert start("a") == "a"

    def test_in_runner(thread_runner):
        assert thread_runner.map(start, "ab") == ["a", "b"]
"""


@pytest.mark.skipif(sys.version_info < (3, 13), reason="such a thread runs twice")
def test_two_who_start_a_thread_at_once_are_found_in_no_time(pytester: pytest.Pytester) -> None:
    done = run(pytester, STARTED_BY_TWO, "--concurrency-max-seconds=60")
    assert done.outcomes == {"test_start": "FAILED"}, done.text
    assert done.codes("test_start") == ["CH108"]  # the one that is refused takes the thread off threading's list
    assert done.tests["test_start"]["seconds"] < 20


def test_a_start_that_fails_leaves_nobody_who_never_runs(pytester: pytest.Pytester) -> None:
    done = run(pytester, NO_MORE_THREADS)
    assert done.outcomes == {"test_refused": "PASSED", "test_in_runner": "PASSED"}, done.text
    assert "cut short" not in done.text
