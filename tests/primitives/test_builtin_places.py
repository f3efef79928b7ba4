"""The sites of ``len(x)``, ``getattr(x, name)`` and their like belong to one test, and count alike in each."""

from __future__ import annotations

from pytest_concurrency.explore.runs import Runs
from pytest_concurrency.instrument.sites import READ, WHOLE, Site
from pytest_concurrency.settings import Settings
from pytest_concurrency.state import STATE, Place, Places


def place(offset: int, target: str) -> Place:
    return id(place.__code__), offset, READ, target


def site(ordinal: int) -> Site:
    return Site(WHOLE, READ, "len", f"#{ordinal}", "", 1, "", 0, muted=False)


def test_places_that_are_alike_in_one_function_are_numbered() -> None:
    places = Places()
    keys = [
        places.add(place(offset, target), place.__code__, site).key
        for offset, target in [(2, "len"), (8, "len"), (4, "list")]
    ]
    assert keys == ["#0", "#1", "#0"]
    found = places.get(place(8, "len"))
    assert found is not None and found.key == "#1"
    places.clear()
    assert not places and places.add(place(8, "len"), place.__code__, site).key == "#0"


def test_those_of_one_test_are_forgotten_before_the_next_is_explored() -> None:
    STATE.places.add(place(2, "len"), place.__code__, site)
    Runs(lambda execution: None, Settings(), (), None, collects=False)  # type: ignore[arg-type, return-value]
    assert not STATE.places
