"""The lives of a repeat's greenlets and the blocks among them, as bars that travel to the reports. Pure functions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ...model import Stretch
from .lifecycle import Life

MOST_LIVES = 60
MOST_BLOCKS = 200


@dataclass(frozen=True, slots=True)
class Mark:
    """A block: the greenlet's spawn path, its start (performance counter), how long (seconds), and the line."""

    worker: str
    since: float
    seconds: float
    path: str
    line: int


def timeline(
    began: float, seconds: float, lives: Sequence[Life], marks: Sequence[Mark], relative: Callable[[str], str]
) -> tuple[Stretch, ...]:
    """Return the bars of a repeat that began at ``began`` (performance counter) and took ``seconds``.

    The test's own greenlet comes first; of very many greenlets those that blocked are shown, and the first ones.
    """

    def after(moment: float) -> float:
        return round(min(max(0.0, moment - began), seconds), 6)

    blocked = {mark.worker for mark in marks}
    shown = sorted(lives, key=lambda life: life.path not in blocked)[:MOST_LIVES]
    bars = [Stretch("0", "life", 0.0, round(seconds, 6))]
    for life in sorted(shown, key=lambda life: life.spawned):
        path, line = life.site
        ended = after(life.ended) if life.ended else round(seconds, 6)
        bars.append(
            Stretch(life.path, "life", after(life.began or life.spawned), ended, relative(path) if path else "", line)
        )
    named = {bar.worker for bar in bars}
    for mark in sorted(marks, key=lambda mark: -mark.seconds)[:MOST_BLOCKS]:
        if mark.worker in named:
            end = after(mark.since + mark.seconds)
            bars.append(Stretch(mark.worker, "block", after(mark.since), end, relative(mark.path), mark.line))
    return tuple(bars)
