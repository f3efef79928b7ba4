"""Whether greenlet tests can run on this interpreter, and the plugin that skips them where they cannot."""

from __future__ import annotations

import importlib.util

import pytest

from ...interpreter import FREE_THREADED
from ...options import GREENLETS
from ..base import plan_of


def unusable_reason() -> str | None:
    """Return why greenlet tests cannot run here as one sentence, or None where they can."""
    if FREE_THREADED:
        return "gevent does not run on a free-threaded build of Python"
    if importlib.util.find_spec("gevent") is None:
        return "gevent is not installed (pip install pytest-concurrency[gevent])"
    return None


class Skipper:
    """Skips every greenlet test with one reason."""

    def __init__(self, reason: str) -> None:
        self._reason = reason

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        if plan_of(item, GREENLETS) is not None:
            pytest.skip(self._reason)
