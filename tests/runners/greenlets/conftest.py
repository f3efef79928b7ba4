from __future__ import annotations

import importlib.util
import json
import sysconfig
import textwrap

import pytest

usable = importlib.util.find_spec("gevent") is not None and not sysconfig.get_config_var("Py_GIL_DISABLED")


class Stress:
    """Runs pytest in a process of its own on test files and reads its JSON report."""

    def __init__(self, pytester: pytest.Pytester) -> None:
        if not usable:
            pytest.skip("gevent does not run here")
        self.pytester = pytester
        self.result: pytest.RunResult | None = None

    def __call__(self, *args: str, **files: str) -> dict[str, dict]:
        self.pytester.makepyfile(**{name: textwrap.dedent(text) for name, text in files.items()})
        self.result = self.pytester.runpytest_subprocess(
            "-p",
            "no:randomly",
            "-p",
            "no:cacheprovider",
            "--concurrency-report=json:report.json",
            *args,
            timeout=120,
        )
        path = self.pytester.path / "report.json"
        tests = json.loads(path.read_text())["tests"] if path.exists() else []
        return {test["nodeid"].partition("::")[2]: test for test in tests}

    @staticmethod
    def codes(test: dict) -> list[str]:
        return [hazard["code"] for hazard in test["hazards"]]


@pytest.fixture
def stress(pytester: pytest.Pytester) -> Stress:
    return Stress(pytester)
