"""Which start method a team gets, and in which form its functions travel."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ...settings import Settings
from ...watch.hook_fork import look
from ...watch.pickling import describe_culprit
from ...watch.record import Forked
from .portable import Portable

Call = tuple[Callable[..., Any], Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Chosen:
    """A start method, the calls in the form it needs, and what could not be pickled ("" if all can)."""

    method: str
    calls: tuple[Call, ...]
    unpicklable: str = ""
    notes: tuple[str, ...] = ()


def default_method() -> str:
    """Return the start method in force, without fixing it as ``multiprocessing.get_context()`` would."""
    return multiprocessing.get_start_method(allow_none=True) or multiprocessing.get_all_start_methods()[0]


def start_method(settings: Settings, calls: Sequence[Call], rootdir: str) -> Chosen:
    """Choose as the settings say, else Python's default.

    What cannot be pickled is an error where spawn or forkserver was asked for; where it is only Python's default the
    workers are forked instead, and a note says so. While threads of the code under ``rootdir`` run, the fork server
    starts the workers even where fork was asked for: it has no threads.
    """
    method = settings.start_method or default_method()
    threads = look(rootdir) if method == "fork" else None
    available = "forkserver" in multiprocessing.get_all_start_methods()
    if method == "fork" and (threads is None or not threads.threads or not available):
        return Chosen(method, tuple(calls))
    packed = tuple((Portable(function), kwargs) for function, kwargs in calls)
    culprit = _culprit(packed)
    if threads is not None:
        return _beside_threads(threads, packed, tuple(calls), culprit)
    if not culprit:
        return Chosen(method, packed)
    if settings.start_method is None and "fork" in multiprocessing.get_all_start_methods():
        note = f"the workers were forked instead of started by {method}, Python's default: {culprit}"
        return Chosen("fork", tuple(calls), notes=(note,))
    return Chosen(method, packed, culprit)


def _beside_threads(seen: Forked, packed: tuple[Call, ...], calls: tuple[Call, ...], culprit: str) -> Chosen:
    """Start the workers from a process without threads: a fork would copy locks half-way."""
    names = ", ".join(thread.name for thread in seen.threads)
    if culprit:
        return Chosen("fork", calls, notes=(f"forked while {names} ran: {culprit}",))
    return Chosen("forkserver", packed, notes=(f"started by the fork server, because {names} ran",))


def _culprit(calls: Sequence[Call]) -> str:
    for index, (function, kwargs) in enumerate(calls):
        for name, value in kwargs.items():
            culprit = describe_culprit(value, f"fixture {name}", starting=True)
            if culprit:
                return culprit
        culprit = describe_culprit(function, f"callable {index}", starting=True)
        if culprit:
            return culprit
    return ""
