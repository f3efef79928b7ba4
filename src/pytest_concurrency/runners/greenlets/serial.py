"""Overlap of greenlets: whether they ran at once, or one after the other because their spawner waited (CH305)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence

from ...hazards import help_text
from ...model import Finding, Location
from .lifecycle import Life
from .why import milliseconds

_WORTH = 0.002  # seconds that each greenlet must have lived on average for their order to matter


def most_at_once(spans: Iterable[tuple[float, float]]) -> int:
    """Return how many of the spans (begin, end) overlap at most."""
    edges = sorted([(begin, 1) for begin, _ in spans] + [(end, -1) for _, end in spans], key=lambda e: (e[0], e[1]))
    most = now = 0
    for _, step in edges:
        now += step
        most = max(most, now)
    return most


def overlap_note(lives: Sequence[Life]) -> str | None:
    """Return a sentence on how far the greenlets overlapped, None where none did."""
    spans = [(life.began, life.ended) for life in lives if life.began and life.ended > life.began]
    most = most_at_once(spans)
    together = sum(end - begin for begin, end in spans)
    if most < 2 or together < _WORTH:
        return None
    begin, end = min(span[0] for span in spans), max(span[1] for span in spans)
    return (
        f"the greenlets overlapped: {most} at once, {milliseconds(together)} of their time "
        f"in {milliseconds(end - begin)}"
    )


def serialised(lives: Sequence[Life], repeat: int, level: str, relative: Callable[[str], str]) -> list[Finding]:
    """Return CH305 for each line that spawned greenlets one by one, waiting for each before the next."""
    groups: dict[tuple[object, tuple[str, int]], list[Life]] = defaultdict(list)
    for life in lives:
        groups[id(life.spawner), life.site].append(life)
    findings: dict[tuple[str, int], Finding] = {}
    for (_, site), group in groups.items():
        ended = [life for life in group if life.ended]
        if len(ended) < 2 or site in findings:
            continue
        if any(later.spawned < earlier.ended for earlier, later in zip(ended, group[1:], strict=False)):
            continue
        looked_at = [life for life in ended if life.awaited is not None]
        if len(looked_at) < 2 or not all(life.awaited for life in looked_at):
            continue
        # Only what waits could overlap, and only from when it began to run: until then it waited for its turn.
        seconds = sum(life.ended - life.began for life in ended if life.began and life.waited)
        if seconds < _WORTH * len(ended):
            continue
        path, line = relative(site[0]), site[1]
        message = (
            f"{path}:{line}: {len(ended)} greenlets were spawned here, each waited for before the next: "
            f"{milliseconds(seconds)} one after the other"
        )
        places = tuple(Location(path, line, life.path, "spawned", life.function) for life in ended[:4])
        findings[site] = Finding("CH305", message, f"{message}.\n{help_text('CH305')}", level, repeat, locations=places)
    return list(findings.values())
