"""What locks are called: by their names in the source, and by a number where one name stands for several locks."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import replace

from .outcome import Blocked, Row

UNNAMED = "lock"
"""What a lock is called in a row whose source does not name it."""
ACTIONS = frozenset({"acquire", "release", "wait for"})
"""The actions of rows whose target is a lock."""
Numbers = Mapping[Hashable, int]
"""The numbers of the locks that need one."""


def the_lock(name: str, number: int = 0) -> str:
    """Return a lock as a sentence names it."""
    if number:
        return f"lock #{number}" if name in ("", UNNAMED) else f"the lock {name} #{number}"
    return "a lock" if not name else "the lock" if name == UNNAMED else f"the lock {name}"


def numbers_of(rows: Iterable[Row], blocked: Iterable[Blocked] = ()) -> Numbers:
    """Return numbers for the locks that their names do not tell apart, or that have several: first for those that are
    waited for, in the order of their holders, then for the others of ``rows`` as they come."""
    names: dict[Hashable, set[str]] = {}
    for wait in sorted(blocked, key=lambda wait: [part.zfill(4) for part in wait.holder.split(".")]):
        if wait.lock is not None:
            names.setdefault(wait.lock, set()).add(wait.lock_name or UNNAMED)
    for row in rows:
        if row.action in ACTIONS and row.location is not None:
            names.setdefault(row.location, set()).add(row.target)
    locks: dict[str, int] = {}
    for called in names.values():
        for name in called:
            locks[name] = locks.get(name, 0) + 1
    alike = [lock for lock, called in names.items() if len(called) > 1 or any(locks[name] > 1 for name in called)]
    return {lock: number for number, lock in enumerate(alike, 1)}


def numbered(row: Row, numbers: Numbers) -> Row:
    """Return ``row`` with the number of its lock."""
    number = numbers.get(row.location) if row.action in ACTIONS else None
    return replace(row, target=f"{row.target} #{number}") if number else row


def waiting_for(blocked: Blocked, numbers: Numbers) -> Blocked:
    """Return ``blocked`` with the number of the lock that it waits for."""
    number = numbers.get(blocked.lock) if blocked.lock is not None else None
    return replace(blocked, waits_for=the_lock(blocked.lock_name, number)) if number else blocked
