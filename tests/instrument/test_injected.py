"""Library functions that code was handed before get their stand-ins for the time of a test, and are put back."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from pytest_concurrency.instrument.injected import in_attributes, in_defaults


def stand_in() -> float:
    return 0.0


STAND_INS = {id(time.monotonic): stand_in}


def positional(a: int, clock: Any = time.monotonic) -> Any:
    return clock


def keyword(*, clock: Any = time.monotonic, other: int = 1) -> Any:
    return clock


class Watch:
    now = time.monotonic
    wrapped = staticmethod(time.monotonic)

    def __init__(self) -> None:
        self.own = time.monotonic


@dataclass(slots=True)
class Slotted:
    clock: Any = time.monotonic


def test_defaults_are_replaced_and_put_back() -> None:
    places = list(in_defaults([positional, keyword, Slotted.__init__], STAND_INS))
    for place in places:
        place.put()
    assert [positional(1), keyword(), Slotted().clock] == [stand_in] * 3
    for place in places:
        place.undo()
    assert [positional(1), keyword(), Slotted().clock] == [time.monotonic] * 3
    assert positional.__defaults__ == (time.monotonic,)


def test_attributes_are_replaced_and_put_back() -> None:
    watch = Watch()
    names = {"Watch": Watch, "watch": watch, "time": time, "number": 3}
    places = list(in_attributes(names, {__name__}, STAND_INS))
    for place in places:
        place.put()
    assert [Watch.now, watch.now, Watch.wrapped, watch.own] == [stand_in] * 4
    for place in places:
        place.undo()
    assert [Watch.now, Watch.wrapped, watch.own] == [time.monotonic] * 3
    assert isinstance(vars(Watch)["wrapped"], staticmethod)


def test_what_somebody_changed_meanwhile_stays() -> None:
    watch = Watch()
    (place,) = in_attributes({"watch": watch}, {__name__}, STAND_INS)
    place.put()
    watch.own = time.perf_counter
    place.undo()
    assert watch.own is time.perf_counter
