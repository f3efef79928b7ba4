"""Updates that are lost: a write computed from what was read before another worker wrote to the same location."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ..instrument.sites import Site
from ..trace.outcome import LostUpdate, Row
from .location import Location, View, Written
from .passed import links
from .values import MISSING, differs, remember, show
from .worker import Worker

if TYPE_CHECKING:
    from .execution import Execution


def through_caller(worker: Worker, site: Site, key: Any, location: Location) -> list[Site]:
    """Return the outdated reads of other functions that the value given to this write was computed from."""
    if not any(index != worker.index for index in location.last):
        return []
    outdated = [
        source
        for source in worker.calls
        if (read := worker.reads.get(source)) is not None and read[0] == key and read[1] < location.version
    ]
    return [source for source in outdated if links(site, worker.calls[source])]


def check_lost_update(
    run: Execution,
    worker: Worker,
    site: Site,
    sources: Sequence[Site],
    key: Any,
    location: Location,
    value: Any,
    view: View,
    a: Any,
    b: Any,
    row: Row | None,
) -> None:
    """Compare what this write was computed from with what other workers have written since it was read."""
    for source in sources:
        read = worker.reads.get(source)
        default = worker.defaults.get(source)
        if read is not None and default is not None and default[0] == key and default[3] == read[3]:
            read = default
        if read is None or read[0] != key:
            continue
        if run.observing and read[4] != worker.section:
            site.split = source.split = True
        newest_of_others = location.streak - 1 if location.writer == worker.index else location.version
        if newest_of_others <= read[1] or (source.key, site.key, worker.path) in run.harmless:
            continue
        written = {index: Written(*each) for index, each in location.last.items() if each[0] > read[1]}
        own = written.pop(worker.index, None)
        others = written.values()
        if not others:
            continue
        found = view.peek(a, b)
        if read is default and found is MISSING:
            continue  # what others wrote is not there for this one: a thread-local, or it was deleted
        current = remember(found)
        if not differs(current, read[2]) or (own is not None and own.version == read[1] + 1 and own.is_of(found)):
            continue  # others have put back what this worker has read, or has written itself meanwhile
        other = max(others, key=lambda each: each.version)
        name, by, loc = view.target(a, b), other.site, row.location if row is not None else None
        told = current
        if location.writer == worker.index and other.is_atom:
            told = other.value  # what is there now is this worker's own
        run.lost.append(
            LostUpdate(
                target=name,
                worker=worker.path,
                other=other.worker.path,
                read=Row(
                    worker.path, source.path, source.line, "read", name, show(read[2]), source.key, read[3], loc,
                    kept=read[2],
                ),
                overwritten=Row(
                    other.worker.path, by.path, by.line, "write", name, show(told), by.key, other.step, loc, kept=told,
                ),
                write=row or Row(
                    worker.path, site.path, site.line, "write", name, show(value), site.key, run.steps,
                    kept=remember(value),
                ),
                value=remember(value),
                occurrence=worker.occurrence,
                read_occurrence=worker.counts.get(source, 0),
            )
        )  # fmt: skip
        run.coast()
        return
