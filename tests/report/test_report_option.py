"""``--concurrency-report``: a kind that does not exist is refused in one sentence, before any test runs."""

from __future__ import annotations

import pytest

pytest_plugins = ("pytester",)


def test_unknown_kind_is_refused(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("def test_nothing(): pass")
    result = pytester.runpytest_subprocess("--concurrency-report=pdf:x.pdf")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: --concurrency-report: 'pdf' is not one of json, html, sarif, github."])
    result.stderr.no_fnmatch_line("*Traceback*")


def test_kind_of_another_plugin_is_used(pytester: pytest.Pytester) -> None:
    pytester.makeconftest(
        """
        def pytest_concurrency_reporters():
            return {"count": lambda results, path, config: print(f"{len(results)} results")}
        """
    )
    pytester.makepyfile("def test_run(thread_runner): thread_runner.run(int, int)")
    result = pytester.runpytest_subprocess("-p", "no:randomly", "--concurrency-report=count")
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["1 results"])
