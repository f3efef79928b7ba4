"""What all repeats of a test have shown, and which of it is believed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable

from ...model import Finding, Stretch
from ...settings import Settings
from ...trace.outcome import Blocked, Died
from .closedpeer import ClosedPeers
from .deadlock import deadlock
from .evidence import Block
from .lost import lost_errors
from .originals import Originals
from .repeat import Repeat
from .serial import serialised
from .timeline import Mark, timeline
from .verdict import BLOCKED, CPU, Observation, observe, unexplained, without_objects
from .why import Reason, finding_of, milliseconds, reason_of

_ALIKE = 1.25  # how far the durations of one thing may be apart in different repeats
_LONG = 5  # a block this many times max_block long, and seen asleep, needs no second sighting


class Gathered:
    """Collects repeats with :meth:`take`; the rest asks for the conclusions so far. ``test``: name and file of its
    function, ``root``: directory of the project."""

    def __init__(
        self,
        settings: Settings,
        relative: Callable[[str], str],
        test: tuple[str, str] = ("", ""),
        root: str = "",
    ) -> None:
        self._settings = settings
        self._relative = relative
        self._test = test
        self._root = root
        self._seen: dict[object, list[tuple[int, Observation]]] = defaultdict(list)
        self._findings: dict[tuple[str, str, int], Finding] = {}
        self._runs = 0
        self._blocks: dict[object, Finding | None] = {}
        self._reasons: dict[tuple[object, bool], Reason] = {}
        self.needs_exact = False
        self.timeline: tuple[Stretch, ...] = ()
        self._has_blocks = False
        self._endless: set[object] = set()
        self._unexplained: dict[int, float] = {}
        self._unseen: dict[tuple[str, int], str] = {}

    def add(self, finding: Finding) -> None:
        """Add a finding once: the first of its code and place stays."""
        place = finding.locations[0] if finding.locations else None
        self._findings.setdefault((finding.code, place.path if place else "", place.line if place else 0), finding)

    def take(self, repeat: Repeat) -> None:
        """Add what one repeat has shown."""
        settings = self._settings
        self._runs += 1
        self._blocks.clear()
        for block in repeat.blocks:
            for observation in observe(block, settings.max_block):
                slowed = repeat.exact and observation.frames[0].runs is None  # by timing each call
                if slowed and observation.kind == CPU and observation.call is None:
                    continue
                self._add(repeat.number, observation)
        lost = [block.seconds for block in repeat.blocks if unexplained(block, settings.max_block)
                and not observe(block, settings.max_block)]  # fmt: skip
        if lost:
            self._unexplained[repeat.number] = max(lost)
        if not repeat.exact:
            self.needs_exact = any(unexplained(block, settings.max_block) for block in repeat.blocks)
        self._take_lives(repeat)
        self._unseen.update(repeat.unseen)
        if not self.timeline or (not self._has_blocks and repeat.blocks):
            self.timeline = timeline(repeat.began, repeat.seconds, repeat.lives, self._marks(repeat), self._relative)
            self._has_blocks = bool(repeat.blocks)

    def _marks(self, repeat: Repeat) -> list[Mark]:
        """Return the blocks of ``repeat`` that have a line."""
        marks = []
        for block in repeat.blocks:
            for observation in observe(block, self._settings.max_block)[:1]:
                marks.append(Mark(block.who.path, block.since, block.seconds, *observation.site))
        return marks

    def _add(self, repeat: int, observation: Observation) -> None:
        """Work the reason out now: the objects that tell it are the program's and are let go of."""
        exact, place = observation.call is not None, observation.place
        if (place, exact) not in self._reasons:
            self._reasons[place, exact] = reason_of(observation, Originals())
        self._seen[place].append((repeat, without_objects(observation)))

    def _take_lives(self, repeat: Repeat) -> None:
        number, relative, severity = repeat.number, self._relative, self._settings.severity
        if (level := severity("CH305")) is not None:
            for finding in serialised(repeat.lives, number, level, relative):
                self.add(finding)
        if (level := severity("CH306")) is not None:
            for finding in lost_errors(repeat.lives, number, level, relative, self._test, self._root):
                self.add(finding)
        self._take_peers(number, repeat.peers)
        if repeat.deadlocked is not None and (level := severity("CH104")) is not None:
            self.add(deadlock(repeat.deadlocked, repeat.died, number, level, relative))

    def _take_peers(self, repeat: int, peers: ClosedPeers) -> None:
        if (level := self._settings.severity("CH307")) is not None:
            for finding in peers.findings(repeat, level, self._relative):
                self.add(finding)

    def replace_deadlock(self) -> None:
        """Forget the deadlock of a repeat: exploring has shown it, and can replay it."""
        self._findings = {key: finding for key, finding in self._findings.items() if key[0] != "CH104"}

    def tell_more_of_deadlock(self, stuck: tuple[Blocked, ...], died: tuple[Died, ...]) -> None:
        """Tell of the deadlock of a repeat what a recorded run of it has shown: who took the locks."""
        for key, finding in self._findings.items():
            if finding.code == "CH104":
                told = deadlock(stuck, died, finding.schedule, finding.severity, self._relative)
                if told.locations == finding.locations:
                    self._findings[key] = told

    def believed(self, seen: list[tuple[int, Observation]]) -> bool:
        """Return whether the sightings of one place demonstrate a block.

        A computation, or a short block, has to come back in another repeat where there is more than one: imports, first
        uses and a busy machine do not.
        """
        repeats = {number for number, _ in seen}
        if len(repeats) >= 2 or any(one.place in self._endless for _, one in seen):
            return True
        observations = [observation for _, observation in seen]
        certain = [one for one in observations if one.certain]
        if not certain:
            return False
        if self._settings.repeats == 1:
            return True
        if certain[0].kind != BLOCKED or certain[0].syscall.startswith("futex") or certain[0].on_disk:
            return False
        return max(one.seconds for one in certain) >= _LONG * self._settings.max_block

    def unsettled(self) -> bool:
        """Return whether something was seen that another repeat would settle."""
        return any(not self.believed(seen) for seen in self._seen.values())

    def endless(self, repeat: int, block: Block | None, peers: ClosedPeers) -> None:
        """Add what was still going on when the time of ``repeat`` was up: a block, a loop on a closed peer."""
        self._take_peers(repeat, peers)
        for observation in observe(block, self._settings.max_block) if block is not None else ():
            self._blocks.pop(observation.place, None)
            self._endless.add(observation.place)
            self._add(repeat, observation)

    def findings(self) -> tuple[Finding, ...]:
        """Return the hazards that are demonstrated so far."""
        found = list(self._findings.values())
        for place, seen in self._seen.items():
            if not self.believed(seen):
                continue
            if place not in self._blocks:
                reason = self._reasons.get((place, True)) or self._reasons[place, False]
                observations = [observation for _, observation in seen]
                self._blocks[place] = finding_of(
                    observations, reason, seen[0][0], self._settings.severity, self._relative
                )
            finding = self._blocks[place]
            if finding is not None and not any(_same_line(finding, other) for other in found):
                found.append(finding)
        return tuple(sorted(found, key=lambda finding: (not finding.is_error, finding.code)))

    def notes(self) -> list[str]:
        """Return a sentence for each block that was seen and is not believed."""
        notes = []
        for seen in self._seen.values():
            if not self.believed(seen):
                observation = seen[0][1]
                path, line = observation.site
                notes.append(
                    f"{self._relative(path)}:{line} kept the thread for {milliseconds(observation.seconds)} "
                    "once and not again; not counted"
                )
        for (path, line), text in self._unseen.items():
            notes.append(
                f"{self._relative(path)}:{line} raised {text} in a callback of the hub, or in a greenlet that the test "
                "has not spawned: only who reads standard error sees it"
            )
        lost = self._unexplained.values()
        # Alike each time, or it was another process that had the processor.
        if len(lost) == self._runs >= 3 and not self._seen and max(lost) <= _ALIKE * min(lost):
            notes.append(
                f"something kept the thread for {milliseconds(max(lost))} in each repeat and could not be seen: "
                "C code that keeps the interpreter to itself"
            )
        return notes


def _same_line(one: Finding, other: Finding) -> bool:
    """Return whether both are the same hazard at the same line, as a function and a comprehension in it may be."""
    if one.code != other.code or not (one.locations and other.locations):
        return False
    return (one.locations[0].path, one.locations[0].line) == (other.locations[0].path, other.locations[0].line)
