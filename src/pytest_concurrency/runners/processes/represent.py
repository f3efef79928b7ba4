"""A worker's failure as pytest would show it, in a form that travels."""

from __future__ import annotations

import inspect
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ...model import Finding
from .outcome import RAISED, SKIPPED, WorkerReport

_PACKAGE = Path(__file__).resolve().parents[2]


def report_failure(
    error: BaseException,
    function: Callable[..., Any],
    config: pytest.Config,
    findings: tuple[Finding, ...] = (),
) -> WorkerReport:
    """Return the report of a worker whose ``function`` raised ``error``, through pytest's report serialisation."""
    info = pytest.ExceptionInfo.from_exception(error)
    skipped = isinstance(error, pytest.skip.Exception)
    style = config.getoption("tbstyle", "auto")
    if isinstance(error, pytest.fail.Exception) and not error.pytrace:
        style = "value"
    shown: Any = info.getrepr(
        style="long" if style == "auto" else style,
        showlocals=config.getoption("showlocals", False),
        tbfilter=lambda excinfo: _relevant(excinfo, function),
    )
    report = pytest.TestReport(
        nodeid="",
        location=("", None, ""),
        keywords={},
        outcome="failed",
        longrepr=shown,
        when="call",
    )
    data = config.hook.pytest_report_to_serializable(config=config, report=report)
    return WorkerReport(
        status=SKIPPED if skipped else RAISED,
        exception=pickled(error),
        longrepr=data,
        text=str(shown),
        summary=info.exconly(tryshort=True),
        findings=findings,
    )


def _relevant(info: pytest.ExceptionInfo[BaseException], function: Callable[..., Any]) -> Any:
    traceback = info.traceback
    code = getattr(inspect.unwrap(getattr(function, "__func__", function)), "__code__", None)
    if code is not None:
        cut = traceback.cut(path=code.co_filename, firstlineno=code.co_firstlineno - 1)
        if len(cut) == len(traceback):
            cut = traceback.cut(path=code.co_filename)
        traceback = cut
    kept = traceback.filter(lambda entry: _PACKAGE not in Path(str(entry.path)).parents)
    kept = kept.filter(info) if kept else kept
    return kept or info.traceback


def pickled(error: BaseException) -> bytes | None:
    """Return ``error`` as a pickle that gives an exception of the same type, or None.

    An exception is rebuilt by calling its class with ``args``. Where ``__init__`` takes others (``ApiError(404, body)``
    that passes one text on), it is rebuilt without: the test is to catch what the worker has raised.
    """
    for pack in (pickle.dumps, _packed):
        try:
            data = pack(error)
            if type(pickle.loads(data)) is type(error):
                return data
        except Exception:
            continue
    return None


def _packed(error: BaseException) -> bytes:
    return pickle.dumps(_Bare(error))


class _Bare:
    """Stands for an exception in a pickle, and is that exception afterwards."""

    def __init__(self, error: BaseException) -> None:
        self.error = error

    def __reduce__(self) -> tuple[Any, ...]:
        return rebuilt, (type(self.error), self.error.args, dict(vars(self.error)))


def rebuilt(cls: type[BaseException], args: tuple[Any, ...], state: dict[str, Any]) -> BaseException:
    """Return an exception of ``cls`` as it was, made without its ``__init__``."""
    error = cls.__new__(cls, *args)
    error.args = args
    vars(error).update(state)
    return error
