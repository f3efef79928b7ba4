"""Subtests of a test that is run again and again: it has one verdict, not one for each subtest of each schedule."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from typing import Any

import pytest

_HOMES = (("_pytest.subtests", "Subtests"), ("pytest_subtests.plugin", "SubTests"))
"""Where the class of the fixture ``subtests`` is: of pytest 9, and of the plugin before."""
_NO_FAILURE = (pytest.skip.Exception, pytest.xfail.Exception)


@contextlib.contextmanager
def raising_subtests(item: Any) -> Iterator[None]:
    """Within the block a subtest of ``item`` that fails raises at once, and none is reported by itself."""
    with contextlib.ExitStack() as stack:
        if hasattr(item, "addSubTest"):  # of a unittest.TestCase
            item.addSubTest = _raise
            stack.callback(item.__dict__.pop, "addSubTest", None)
        for name, attribute in _HOMES:
            home: Any = getattr(sys.modules.get(name), attribute, None)
            if home is not None:
                stack.callback(setattr, home, "test", home.test)
                home.test = _subtest
        yield


def _subtest(fixture: object, msg: str | None = None, **kwargs: object) -> contextlib.AbstractContextManager[None]:
    return contextlib.suppress(*_NO_FAILURE)


def _raise(test_case: object, test: object, exc_info: Any) -> None:
    error = exc_info.value if isinstance(exc_info, pytest.ExceptionInfo) else exc_info and exc_info[1]
    if error is not None and not isinstance(error, _NO_FAILURE):
        raise error


__all__ = ["raising_subtests"]
