"""A site: one place in the source where code touches something that workers may share."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Set
from dataclasses import dataclass
from typing import Any

from .vocabulary import ENTER_CONTEXT

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
RETURN = "return"
"""The name of a step before a value is returned to code that keeps it; other steps, before calls, have none."""


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
        self.cache: dict[Any, Any] = {}

    @property
    def acquires(self) -> bool:
        """Whether a lock that workers share is taken here."""
        return self.group > 0 and (
            self.kind == WITH or (self.kind == METHOD and self.name in ("acquire", ENTER_CONTEXT))
        )

    def __repr__(self) -> str:
        return f"<Site {self.key} {self.path}:{self.line}>"


class _LiveKeys(frozenset[str]):
    """A set of keys that knows those that come later."""

    _live: Set[str]

    def __new__(cls, live: Set[str]) -> _LiveKeys:
        self = super().__new__(cls, live)
        self._live = live
        return self

    def __contains__(self, key: object) -> bool:
        return key in self._live

    def __len__(self) -> int:
        return len(self._live)


class Sites(Collection[Site]):
    """The access sites of one activation; more come when code is called for the first time.

    ``keys`` are those of all sites, ``accesses`` without the library's; ``files`` are the files of all code in scope.
    ``introduce`` is told of each site that comes, before anything passes it. Iterating is safe while sites come.
    ``covers`` says whether a module, by its name and file, is in scope: in ``files`` it is once it has functions.
    ``disturbed``: code may have seen that other code was not rewritten yet; ``exposed``: it may see that of any code.
    """

    PATIENCE = 20
    """So often may a run be disturbed before all code is rewritten."""

    def __init__(self, seek: Callable[[Set[str] | None], None] = lambda keys: None) -> None:
        self._sites: dict[int, Site] = {}
        self._seek = seek
        self._sought: set[str] = set()
        self.keys: set[str] = set()
        self.accesses: set[str] = set()
        self.files: set[str] = set()
        self.introduce: Callable[[Site], None] | None = None
        self.covers: Callable[[str, str], bool] = lambda module, filename: filename in self.files
        self.disturbed = False
        self.exposed = False
        self.patience = self.PATIENCE

    def __iter__(self) -> Iterator[Site]:
        return iter(tuple(self._sites.values()))

    def __len__(self) -> int:
        return len(self._sites)

    def __contains__(self, site: object) -> bool:
        return id(site) in self._sites

    def add(self, sites: Iterable[Site], number: int) -> None:
        """Take up the sites of one code object, the one of that ``number`` (from 1) among those of its name."""
        for site in sites:
            if id(site) in self._sites:
                continue
            if not site.muted:
                key = site.key.partition("@")[0]
                site.key = key if number == 1 else f"{key}@{number}"
                self.accesses.add(site.key)
            self.keys.add(site.key)
            if self.introduce is not None:
                self.introduce(site)
            self._sites[id(site)] = site

    def renumber(self, sites: Iterable[Site], number: int) -> None:
        """Number sites anew that are taken up already."""
        for site in sites:
            if not site.muted:
                key = site.key.partition("@")[0]
                site.key = key if number == 1 else f"{key}@{number}"
                self.accesses.add(site.key)
                self.keys.add(site.key)

    def live_keys(self) -> frozenset[str]:
        """Return the keys of all accesses, those of accesses that come later included."""
        return _LiveKeys(self.accesses)

    def settle(self) -> None:
        """Prepare for running again what was disturbed: what disturbed it is rewritten by now, or all code will be."""
        self.patience -= 1
        if self.exposed or self.patience <= 0:
            self._seek(None)
        self.disturbed = self.exposed = False

    def find(self, keys: Set[str]) -> None:
        """Make sure that the sites called ``keys`` are there, if there are any: nobody may have come by yet."""
        missing = keys - self.keys - self._sought
        if missing:
            self._sought |= missing
            self._seek(missing)
