"""What the HTML page shows, worked out from the test objects of the JSON report; the template only lays it out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..hazards import CATALOGUE
from ..options import GREENLETS
from ..trace.workers import in_order
from .graphs import Graph, lock_order_graph, wait_for_graph
from .whole_suite import stressed

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Summary:
    """The figures at the top of the page."""

    tests: int
    schedules: int
    seconds: float
    failed: int
    proven: int
    errors: int
    warnings: int
    known: int


@dataclass(frozen=True, slots=True)
class Group:
    """All findings of one code, with the catalogue's words; ``links`` are (anchor, test)."""

    code: str
    name: str
    severity: str
    cause: str
    fix: str
    links: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Lane:
    """One row of an interleaving: ``column`` of its worker, whether the worker ``switched``, and its ``partners``.

    ``step`` is the row as it travels; ``partners`` are the numbers of the rows that it is in conflict with.
    """

    number: int
    column: int
    switched: bool
    step: Json
    partners: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Shown:
    """One finding as the page shows it; ``fix`` where it is not that of its kind."""

    anchor: str
    hazard: Json
    workers: tuple[str, ...] = ()
    lanes: tuple[Lane, ...] = ()
    waits: Graph | None = None
    order: Graph | None = None
    fix: str = ""


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar from ``left`` and of ``width``, in percent of the whole."""

    label: str
    left: float
    width: float
    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a timeline: a greenlet's name and its bars."""

    label: str
    bars: tuple[Bar, ...]


@dataclass(frozen=True, slots=True)
class Test:
    """One test as the page shows it."""

    anchor: str
    result: Json
    state: str
    shown: tuple[Shown, ...]
    timeline: tuple[Line, ...] = ()
    parallelism: tuple[Bar, ...] = ()
    length: float = 0.0
    blocks: tuple[str, ...] = field(default=())


def duration(seconds: float) -> str:
    """Return a duration for people: "840 us", "52 ms", "1.20 s"."""
    if seconds < 1e-3:
        return f"{seconds * 1e6:.0f} us"
    if seconds < 0.9995:
        return f"{seconds * 1e3:.3g} ms"
    return f"{seconds:.2f} s"


def sentence(text: str) -> str:
    """Return ``text`` beginning with a capital letter, unless it begins with a path or a name."""
    return text[:1].upper() + text[1:] if text.split(" ")[0].isalpha() else text


def summary(results: Sequence[Json]) -> Summary:
    """Return the figures of the whole run."""
    hazards = [hazard for result in results for hazard in result["hazards"]]
    explored = stressed(results)
    severities = Counter("known" if hazard["known"] else hazard["severity"] for hazard in hazards)
    return Summary(
        tests=len(explored),
        schedules=sum(result["schedules"] for result in explored),
        seconds=sum(result["seconds"] for result in results),
        failed=sum(result["outcome"] != "passed" for result in results),
        proven=sum(result["exhaustive"] for result in results),
        errors=severities["error"],
        warnings=severities["warning"],
        known=severities["known"],
    )


def groups(results: Sequence[Json]) -> tuple[Group, ...]:
    """Return the hazards that were found by code, errors first."""
    links: dict[str, list[tuple[str, str]]] = {}
    first: dict[str, Json] = {}
    for number, result in enumerate(results):
        for place, hazard in enumerate(result["hazards"]):
            links.setdefault(hazard["code"], []).append((_anchor(number, place), result["nodeid"]))
            old = first.setdefault(hazard["code"], hazard)
            if hazard["severity"] == "error" != old["severity"]:
                first[hazard["code"]] = hazard
    found = []
    for code, hazard in first.items():
        entry = CATALOGUE.get(code)
        cause, fix = (entry.cause, entry.fix) if entry is not None else ("", "")
        found.append(Group(code, hazard["name"], hazard["severity"], cause, fix, tuple(links[code])))
    return tuple(sorted(found, key=lambda group: (group.severity != "error", group.code)))


def tests(results: Sequence[Json]) -> tuple[Test, ...]:
    """Return the tests, those with errors first, then those with warnings."""
    shown = [_test(number, result) for number, result in enumerate(results)]
    rank = {"failed": 0, "warned": 1, "passed": 2}
    return tuple(sorted(shown, key=lambda test: rank[test.state]))


def _anchor(test: int, finding: int) -> str:
    return f"t{test}-h{finding}"


def _test(number: int, result: Json) -> Test:
    state = "failed" if result["outcome"] != "passed" else "warned" if result["hazards"] else "passed"
    length, lines, blocks = _timeline(result["timeline"])
    noun = noun_of(result)
    return Test(
        anchor=f"t{number}",
        result=result,
        state=state,
        shown=tuple(_shown(_anchor(number, place), hazard, noun) for place, hazard in enumerate(result["hazards"])),
        timeline=lines,
        parallelism=_bars(result.get("parallelism")),
        length=length,
        blocks=blocks,
    )


def noun_of(result: Json) -> str:
    """Return what the workers of a test are called."""
    return "greenlet" if result["runner"] == GREENLETS else "worker"


def _shown(anchor: str, hazard: Json, noun: str) -> Shown:
    steps: Sequence[Json] = hazard["steps"]
    workers = sorted({step["worker"] for step in steps}, key=in_order)
    partners: dict[int, list[int]] = {}
    for a, b in hazard["conflicts"]:
        partners.setdefault(a, []).append(b)
        partners.setdefault(b, []).append(a)
    lanes = tuple(
        Lane(
            position,
            workers.index(step["worker"]),
            position > 0 and steps[position - 1]["worker"] != step["worker"],
            step,
            tuple(sorted(partners.get(position, ()))),
        )
        for position, step in enumerate(steps)
    )
    waits, order = wait_for_graph(hazard["waits"], noun), lock_order_graph(hazard["lock_order"])
    entry = CATALOGUE.get(hazard["code"])
    own = hazard["fix"] if entry is None or hazard["fix"] != entry.fix else ""
    return Shown(anchor, hazard, tuple(workers), lanes, waits, order, own)


def _timeline(stretches: Sequence[Json]) -> tuple[float, tuple[Line, ...], tuple[str, ...]]:
    """Return the length in seconds, one line a greenlet, and the blocks in words."""
    length = max((stretch["end"] for stretch in stretches), default=0.0)
    if length <= 0:
        return 0.0, (), ()
    lines: dict[str, list[Bar]] = {}
    blocks = []
    for stretch in stretches:
        worker, start, end = stretch["worker"], stretch["start"], stretch["end"]
        place = f" at {stretch['path']}:{stretch['line']}" if stretch["path"] else ""
        if stretch["kind"] == "block":
            text = f"greenlet {worker} kept the thread for {duration(end - start)}{place}"
            blocks.append(f"{text}, from {duration(start)} on")
        else:
            text = f"greenlet {worker}{', started' + place if place else ''}: {duration(start)} to {duration(end)}"
        bar = Bar(duration(end - start), 100 * start / length, max(0.3, 100 * (end - start) / length),
                  stretch["kind"], text)  # fmt: skip
        lines.setdefault(worker, []).append(bar)
    return length, tuple(Line(worker, tuple(bars)) for worker, bars in lines.items()), tuple(blocks)


def _bars(row: Json | None) -> tuple[Bar, ...]:
    """Return the bars of a measurement of parallelism: one after the other, together, and the ideal."""
    if not row or row["alone"] is None or row["together"] is None:
        return ()
    alone, together, workers = row["alone"], row["together"], row["workers"]
    after_another = alone * workers
    longest = max(after_another, together)
    figures = (
        (f"alone, {workers} times in a row", after_another, "alone"),
        (f"together, on {workers} workers", together, "together"),
        (f"ideal, on {workers} free processors", alone, "ideal"),
    )
    return tuple(Bar(label, 0.0, 100 * value / longest, kind, duration(value)) for label, value, kind in figures)
