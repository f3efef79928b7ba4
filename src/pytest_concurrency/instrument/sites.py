"""A site: one place in the source where code touches something that workers may share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

READ = "read"
WRITE = "write"
DELETE = "delete"

GLOBAL = "global"
ATTR = "attr"
CELL = "cell"
ITEM = "item"
WHOLE = "whole"
METHOD = "method"
WITH = "with"
CALL = "call"
STEP = "step"


@dataclass(frozen=True, slots=True)
class FunctionInfo:
    """What the explainer needs to know of an instrumented function: where the interpreter may switch by itself.

    ``safepoints`` are indexes of instructions in the original bytecode, in the same numbering as ``Site.offset``.
    """

    qualname: str
    safepoints: tuple[int, ...]


class Site:
    """One instrumented instruction; mutable, because the engine switches sites on and off between runs.

    ``key`` names the site across processes and small edits: module, function, kind, name and ordinal within the
    function. ``derived`` holds the read sites of the same function and location from whose value a write at this
    site is computed on every path (see :mod:`.dataflow`). What a function returns is computed from the reads that are
    ``returned``, and what it writes from the parameters ``given``. ``off`` silences the site in the current run.
    ``label`` is the name under which a lock is used there. ``offset`` is the index of the instruction in the original
    bytecode of ``function``.
    """

    __slots__ = (
        "action", "cache", "contended", "derived", "function", "given", "group", "hits", "is_source", "key", "kind",
        "label", "line", "muted", "name", "off", "offset", "path", "qualname", "returned", "seen", "split",
    )  # fmt: skip

    def __init__(
        self, kind: str, action: str, name: str, key: str, path: str, line: int, qualname: str, offset: int, muted: bool
    ) -> None:
        self.kind = kind
        self.action = action
        self.name = name
        self.key = key
        self.path = path
        self.line = line
        self.qualname = qualname
        self.offset = offset
        self.muted = muted
        self.label = ""
        self.function: FunctionInfo | None = None
        self.derived: tuple[Site, ...] = ()
        self.is_source = False
        self.returned = False
        self.given: tuple[str, ...] = ()
        self.off = False
        self.contended = True
        self.seen = False
        self.split = False
        self.group = 0
        self.hits = 0
        self.cache: dict[type, Any] = {}

    @property
    def acquires(self) -> bool:
        """Whether a lock that workers share is taken here."""
        return self.group > 0 and (self.kind == WITH or (self.kind == METHOD and self.name == "acquire"))

    @property
    def is_write(self) -> bool:
        return self.action != READ

    def __repr__(self) -> str:
        return f"<Site {self.key} {self.path}:{self.line}>"
