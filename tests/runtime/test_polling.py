"""A worker that polls is told from one that computes: the first comes back to the same point in the same state."""

from __future__ import annotations

import pytest



@pytest.fixture
def run(pytester):
    def run(source: str):
        pytester.makepyfile(source)
        return pytester.runpytest_subprocess("-p", "no:cacheprovider", "-p", "no:randomly", timeout=120)

    return run


def test_long_reading_is_no_livelock(run):
    result = run(
        """
        import threading

        class Config:
            rate = 1

        config = Config()

        def compute():
            total = 0
            for number in range(60_000):
                total += config.rate
            return total

        def test_reading(thread_runner):
            config.rate = 2
            assert thread_runner.run(compute, workers=2) == [120_000] * 2
        """
    )
    result.assert_outcomes(passed=1)


def test_polling_for_what_nobody_writes_is_a_livelock(run):
    result = run(
        """
        class Flag:
            up = False

        flag = Flag()

        def wait():
            while not flag.up:
                pass

        def test_polling(thread_runner):
            flag.up = False
            thread_runner.run(wait, workers=2)
        """
    )
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*CH107*"])
