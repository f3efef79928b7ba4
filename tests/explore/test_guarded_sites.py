"""Where workers meet under a common lock: nothing to explore there, and all the same part of the story."""

from __future__ import annotations

from pytest_concurrency.explore.contention import contended_sites, guarded_sites
from pytest_concurrency.instrument.sites import ITEM, READ, WRITE, Site
from pytest_concurrency.runtime.location import Location
from pytest_concurrency.runtime.worker import Tag

LOCK = frozenset({1})
LOAD, STORE = (Site(ITEM, action, "", f"m:f:{action}", "m.py", 1, "f", 0, muted=False) for action in (READ, WRITE))


def _location(*accesses: tuple[Site, Tag]) -> Location:
    location = Location()
    for site, tag in accesses:
        location.accesses[site, tag, None] = [1]
    return location


def test_a_common_lock_leaves_nothing_to_interfere_and_something_to_tell() -> None:
    location = _location((LOAD, Tag(1, 0, {}, LOCK, False)), (STORE, Tag(2, 0, {}, LOCK, True)))
    assert contended_sites(location) == set()
    assert guarded_sites(location) == {LOAD, STORE}


def test_what_was_done_before_the_workers_or_only_read_is_not_told() -> None:
    made = (STORE, Tag(0, 0, {}, LOCK, True))
    assert guarded_sites(_location(made, (LOAD, Tag(1, 0, {0: 0}, LOCK, False)))) == set()
    assert guarded_sites(_location((LOAD, Tag(1, 0, {}, LOCK, False)), (LOAD, Tag(2, 0, {}, LOCK, False)))) == set()
