"""``_queue.SimpleQueue``: a queue in C, whose ``get`` would block outside the engine's sight."""

from __future__ import annotations

from _queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any

from ..instrument.sites import Site
from ..runtime.rows import note
from ..runtime.waits import ItemWait
from ..runtime.worker import Detached
from ..state import STATE
from .locks import current_worker

if TYPE_CHECKING:
    from ..runtime.outsiders import Resident

QUEUE_TYPE: type = SimpleQueue


class ControlledSimpleQueue:
    """Stands in for a SimpleQueue in one method call."""

    __slots__ = ("_queue", "_site")

    def __init__(self, queue: Any, site: Site) -> None:
        self._queue = queue
        self._site = site

    def get(self, block: bool = True, timeout: float | None = None) -> Any:
        worker = current_worker()
        if worker is None or (timeout is not None and timeout < 0):
            return self._queue.get(block, timeout)
        run, queue, site = STATE.run, self._queue, self._site
        if not site.muted:
            worker.key = (id(queue), "queue")
            run.announce(worker, site, worker.key, True)
            if run.observing:
                run.observe(worker, site, worker.key, True, queue)
        elif run.precise is not None:
            run.precise.doubt("a queue inside a library was used")
        wait = ItemWait(queue, None if timeout is None else run.clock.now + timeout)
        worker.site = site
        while True:
            try:
                item = queue.get_nowait()
            except Empty:
                if not block:
                    raise
                try:
                    if not run.park(worker, wait):
                        raise Empty from None
                except Detached as detached:
                    return self._item_in_real_time(detached.resident, timeout)
            else:
                if run.recorder is not None:
                    run.recorder.handed(worker, queue, put=False)
                if run.rows is not None and not site.muted:
                    note(run, worker, site, "get", "SimpleQueue", "", (id(queue), "queue"))
                return item

    def _item_in_real_time(self, resident: Resident, timeout: float | None) -> Any:
        items: list[Any] = []

        def attempt(seconds: float) -> bool:
            try:
                items.append(self._queue.get(True, seconds if seconds >= 0 else None))
            except Empty:
                return False
            return True

        if not resident.wait(attempt, timeout):
            raise Empty
        return items[0]

    def put(self, item: Any, block: bool = True, timeout: float | None = None) -> None:
        worker = current_worker()
        if worker is not None:
            run, site = STATE.run, self._site
            if not site.muted:
                worker.key = (id(self._queue), "queue")
                run.announce(worker, site, worker.key, True)
                if run.observing:
                    run.observe(worker, site, worker.key, True, self._queue)
                if run.rows is not None:
                    note(run, worker, site, "put", "SimpleQueue", "", (id(self._queue), "queue"))
            elif run.precise is not None:
                run.precise.doubt("a queue inside a library was used")
            run.progress = run.steps
            if run.recorder is not None:
                run.recorder.handed(worker, self._queue, put=True)
        self._queue.put(item)

    def get_nowait(self) -> Any:
        return self.get(block=False)

    def put_nowait(self, item: Any) -> None:
        self.put(item)

    def _asked(self) -> None:
        worker = current_worker()
        if worker is not None and not self._site.muted:
            STATE.run.announce(worker, self._site, (id(self._queue), "queue"), False)

    def empty(self) -> bool:
        self._asked()
        return self._queue.empty()  # type: ignore[no-any-return]

    def qsize(self) -> int:
        self._asked()
        return self._queue.qsize()  # type: ignore[no-any-return]
