"""CH410: shared memory that the body has made, that nothing holds any more, and that was never unlinked."""

from __future__ import annotations

import importlib
import os
import sys
import weakref
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..model import Finding
from .judging import Context, explain
from .patching import Patches
from .record import MemoryLeft, Record, Site
from .sites import own_frame, site_of

if TYPE_CHECKING:
    from .watch import Watch

_MEMORY = "multiprocessing.shared_memory"
_MANAGERS = "multiprocessing.managers"


@dataclass(frozen=True, slots=True)
class Segment:
    """An object of shared memory that came to be while the body ran: ``site`` if it made it, None if it opened it."""

    name: str
    site: Site | None
    object: weakref.ref[Any]


def install(watch: Watch, patches: Patches) -> None:
    """Patch what makes shared memory, where it was imported."""
    module = sys.modules.get(_MEMORY)
    if module is not None and hasattr(module, "_posixshmem"):
        patches.wrap(module.SharedMemory, "__init__", lambda original: _init(watch, original))


def _init(watch: Watch, original: Any) -> Any:
    def __init__(self: Any, name: str | None = None, create: bool = False, *args: Any, **kwargs: Any) -> None:
        __tracebackhide__ = True
        original(self, name, create, *args, **kwargs)
        if watch.recording:
            frame = sys._getframe(1)
            while frame.f_globals.get("__name__") == _MEMORY and frame.f_back is not None:
                frame = frame.f_back
            kept = frame.f_globals.get("__name__") == _MANAGERS  # its manager unlinks it
            made = site_of(own_frame(frame, watch.plan.rootdir), watch.plan.rootdir) if create and not kept else None
            watch.segments.append(Segment(self._name, made, weakref.ref(self)))

    return __init__


def left(segments: list[Segment]) -> list[MemoryLeft]:
    """Return the shared memory that is there though no object leads to it any more."""
    held = {segment.name for segment in segments if segment.object() is not None}
    return [
        MemoryLeft(segment.name, segment.site)
        for segment in segments
        if segment.site is not None and segment.name not in held and _exists(segment.name)
    ]


def _exists(name: str) -> bool:
    posix: Any = importlib.import_module("_posixshmem")
    try:
        os.close(posix.shm_open(name, os.O_RDONLY, 0))
    except OSError:
        return False
    return True


def find(record: Record, context: Context) -> list[Finding]:
    """Return one finding for each line that has made what was left."""
    sites = list(dict.fromkeys(entry.site for entry in record.memory_left if entry.site.path))
    return [_finding(site, [m.name for m in record.memory_left if m.site == site], context) for site in sites]


def _finding(site: Site, names: list[str], context: Context) -> Finding:
    many = f"{names[0]} and {len(names) - 1} more" if len(names) > 1 else names[0]
    message = f"shared memory made at {site} ({many}) was never unlinked, and nothing holds it any more"
    location = site.location("make", "shared memory", names[0], context.worker)
    return Finding("CH410", message, explain(f"{site}: {site.text}", code="CH410"), locations=(location,))
