"""What is not used is not imported."""

from __future__ import annotations

import pytest

ENGINE = (
    "detect", "explore", "instrument", "parallelism", "primitives", "runtime", "schedules", "strategies", "trace",
)  # fmt: skip
HEAVY = ("bytecode", "gevent", "jinja2", "coverage", "hypothesis")


def test_a_session_without_stressed_tests_imports_no_engine(pytester):
    pytester.makepyfile(
        """
        import sys
        def test_plain():
            ours = sorted(name for name in sys.modules if name.startswith("pytest_concurrency"))
            print("OURS", *ours)
            print("HEAVY", *[name for name in HEAVY if name in sys.modules])
        """.replace("HEAVY if", f"{HEAVY} if")
    )
    others = ("cov", "hypothesispytest", "randomly", "xdist", "timeout")
    result = pytester.runpytest_subprocess("-s", *(part for name in others for part in ("-p", f"no:{name}")))
    result.assert_outcomes(passed=1)
    loaded = _words(result, "OURS")
    assert "pytest_concurrency.plugin" in loaded
    for part in ENGINE:
        assert not [name for name in loaded if f".{part}" in name], part
    assert {"pytest_concurrency.settings", "pytest_concurrency.hazards", "pytest_concurrency.model"}.isdisjoint(loaded)
    report = {"pytest_concurrency.report", "pytest_concurrency.report.width"}
    assert {name for name in loaded if ".report" in name} <= report
    light = {"pytest_concurrency.runners", "pytest_concurrency.runners.greenlets"}
    light.add("pytest_concurrency.runners.greenlets.guard")
    assert {name for name in loaded if ".runners" in name} <= light
    assert _words(result, "HEAVY") == []


def _words(result: pytest.RunResult, first: str) -> list[str]:
    line = next(line for line in result.outlines if first in line)
    return line.partition(first)[2].split()
