"""The clocks of the program in the seconds of an explored run."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from ....instrument.scope import is_tooling
from ....instrument.vocabulary import CLOCKS

_REAL: dict[str, Callable[[], Any]] = {name: getattr(time, name) for name in CLOCKS}


class Clocks:
    """Every place where a module keeps a clock; looked for once, since that takes longer than most runs."""

    def __init__(self) -> None:
        by_id = {id(real): name for name, real in _REAL.items()}
        self._places: list[tuple[dict[str, Any], str, str]] = []
        for module_name, module in list(sys.modules.items()):
            names = getattr(module, "__dict__", None)
            if type(names) is dict and not is_tooling(module_name):
                self._places += [(names, name, by_id[id(v)]) for name, v in list(names.items()) if id(v) in by_id]

    @contextmanager
    def virtual(self, elapsed: Callable[[], float]) -> Iterator[None]:
        """Let every module but the test machinery read clocks that have moved on by ``elapsed()`` since now."""
        stand_ins = {name: _stand_in(name, elapsed) for name in CLOCKS}
        changed = [place for place in self._places if place[0].get(place[1]) is _REAL[place[2]]]
        for names, name, clock in changed:
            names[name] = stand_ins[clock]
        try:
            yield
        finally:
            for names, name, clock in changed:
                if names.get(name) is stand_ins[clock]:
                    names[name] = _REAL[clock]


def _stand_in(name: str, elapsed: Callable[[], float]) -> Callable[[], Any]:
    start = _REAL[name]()
    if name.endswith("_ns"):
        return lambda: start + int(elapsed() * 1e9)
    return lambda: start + elapsed()
