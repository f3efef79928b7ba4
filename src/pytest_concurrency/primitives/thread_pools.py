"""The thread of a ``multiprocessing.pool.ThreadPool`` that waits, in a pipe, for its workers to end."""

from __future__ import annotations

from typing import Any

from ..instrument.sites import Site
from ..runtime.waits import PipeWait
from ..runtime.worker import Detached
from ..state import STATE
from .locks import current_worker


class ControlledPool:
    """Stands in for the class of a pool in one call of ``_wait_for_updates``.

    A pool of threads has but its own pipe to wait for. What a pool of processes waits for comes from outside.
    """

    __slots__ = ("_pool", "_site")

    def __init__(self, pool: Any, site: Site) -> None:
        self._pool = pool
        self._site = site

    def _wait_for_updates(self, sentinels: Any, change_notifier: Any, timeout: float | None = None) -> None:
        worker = current_worker()
        reader = getattr(change_notifier, "_reader", None)
        if worker is not None and timeout is None and list(sentinels) == [reader]:
            worker.site = self._site
            try:
                STATE.run.park(worker, PipeWait(reader))
            except Detached:
                pass  # it goes on in real time
        self._pool._wait_for_updates(sentinels, change_notifier, timeout)
