"""Joining a thread that has ended for the engine while C still takes it down."""

from __future__ import annotations

import pytest

pytest_plugins = ("pytester",)


def test_slow_end_of_a_thread_is_no_deadlock(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import threading
        import time

        import pytest

        local = threading.local()

        class Slow:
            def __del__(self):
                time.sleep(0.05)

        def work():
            local.value = Slow()

        @pytest.mark.stress_threads(workers=0, schedules=5)
        def test_join():
            threads = [threading.Thread(target=work) for _ in range(2)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            assert not any(thread.is_alive() for thread in threads)
        """
    )
    result = pytester.runpytest_subprocess("-p", "no:randomly")
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["1 test stressed, 5 schedules: no hazard"])
