"""CPython's own tests pass with their packages and themselves instrumented; a sample, the command runs all."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest

pytest.importorskip("test.support")
ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("subject", ["shlex", "super", "except_star", "contextlib", "reprlib", "copy"])
def test_same_outcomes(monkeypatch, subject):
    monkeypatch.syspath_prepend(str(ROOT))
    module = importlib.import_module("benchmarks.stdlib_tests")
    differences, summary = module.compare(subject, timeout=240)
    assert differences == [], summary
    assert "passed" in summary and ", 0 sites," not in summary
