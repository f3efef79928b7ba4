"""From a block to what it was: asleep in a system call, computing, or merely preempted. Functions of evidence."""

from __future__ import annotations

import io
import itertools
import os
import stat
from dataclasses import dataclass, replace

from .evidence import Block, FrameView, Sample, SlowCall, Who
from .places import importing, is_gevent_file, is_machinery, is_user_file, user_frame
from .syscalls import ON_FILES, OPENING

CPU_SHARE = 0.5
BLOCKED, CPU = "blocked", "cpu"
_PROMPT = 0.003  # seconds between two looks that nothing held up
_MANY, _STILL = 6, 0.5  # looks, and seconds, after which a thread that only waits for its turn would have moved on
_SLEEPS = 0.2  # share of processor time below which a call that let nobody look can have slept
_DISK_FACTOR = 10  # a disk under load is slow; only a read or write this many times max_block long is a finding


@dataclass(frozen=True, slots=True)
class Observation:
    """One reason for a block: what kept the thread, where, and for how long.

    ``kind`` is "blocked" or "cpu"; ``call`` is set where exact mode timed the very call; ``syscall`` is "" where it is
    not known; ``certain`` whether one sighting is enough to believe it; ``at_rest`` whether a computation never moved
    on from the call that it was seen in, ``doubtful`` whether it was seen too seldom to tell that.
    """

    kind: str
    frames: tuple[FrameView, ...]
    seconds: float
    syscall: str
    who: Who
    certain: bool
    call: SlowCall | None = None
    at_rest: bool = False
    doubtful: bool = False

    @property
    def on_disk(self) -> bool:
        """Return whether it waited in a system call that works on files."""
        return self.syscall in ON_FILES

    @property
    def site(self) -> tuple[str, int]:
        """Return the file and line of the user's code that led there."""
        frame = user_frame(self.frames) or self.frames[0]
        return frame.code.co_filename, frame.line

    @property
    def place(self) -> tuple[str, str, object]:
        """Return what tells one cause from another: for a computation the function, otherwise the line."""
        frame = user_frame(self.frames) or self.frames[0]
        return self.kind, frame.code.co_filename, frame.code.co_name if self.kind == CPU else frame.line


def without_objects(observation: Observation) -> Observation:
    """Return ``observation`` without the program's objects, which must not live on into the next repeat."""
    frames = tuple(replace(frame, variables=None, runs=None) for frame in observation.frames)
    call = observation.call
    if call is not None:
        call = replace(call, frames=frames, function=None, first=None)
    return replace(observation, frames=frames, call=call)


def observe(block: Block, max_block: float) -> list[Observation]:
    """Return what kept the thread during ``block``; nothing where it was preempted or cannot be told."""
    busy = block.seconds - block.collecting
    if block.cpu >= max_block and block.cpu >= CPU_SHARE * busy:
        return _computing(block, max_block)
    found = _asleep(block, busy, max_block) if busy - block.cpu >= max_block else []
    if not found and block.cpu >= max_block and not any(_sleeps(sample) for sample in block.samples):
        return _computing(block, max_block)  # on a busy machine the processor was taken away meanwhile
    return found


def unexplained(block: Block, max_block: float) -> bool:
    """Return whether exact mode would tell more: a block without a line, or with several causes."""
    if block.calls or block.seconds - block.collecting < max_block:
        return False
    preempted = not block.samples and block.cpu < max_block and block.seconds < 5 * max_block
    found = observe(block, max_block)
    return (not found and not preempted) or len(found) > 1 or any(not one.certain or one.doubtful for one in found)


def _sleeps(sample: Sample) -> bool:
    return sample.sleeping is not None and not sample.sleeping.is_futex


def _computing(block: Block, max_block: float) -> list[Observation]:
    slow = [call for call in block.calls if call.seconds >= max_block and reportable(call.frames)]
    # One in which the processor was taken away is not what computes.
    slow = [call for call in slow if call.cpu >= min(max_block, CPU_SHARE * call.seconds)]
    if sum(call.seconds for call in slow) >= CPU_SHARE * (block.seconds - block.collecting):
        return [_of_call(block, call, CPU, "") for call in slow]
    samples = [sample for sample in block.samples if reportable(sample.frames)]
    if not samples:
        return []
    # The line seen most often stands for the computation.
    sites = [(sample.frames[0].code, _line(sample)) for sample in samples]
    common = max(sites, key=sites.count)
    first = sites.index(common)
    frames = samples[first].frames
    here = [sample for sample in samples if sample.frames[0].code is frames[0].code]
    # C code that lets others look does so at once, a loop of Python at its turns. One look tells neither.
    prompt = any(later.at - earlier.at < _PROMPT for earlier, later in itertools.pairwise(here))
    in_c = frames[0].runs is not None  # it was spawned with a C function
    at_rest = in_c or (prompt and all(sample.frames is frames for sample in here))
    doubtful = len(here) == 1 and not in_c
    return [Observation(CPU, frames, block.seconds, "", block.who, True, at_rest=at_rest, doubtful=doubtful)]


def _line(sample: Sample) -> int:
    frame = user_frame(sample.frames)
    return frame.line if frame is not None else 0


def _asleep(block: Block, busy: float, max_block: float) -> list[Observation]:
    groups = [list(group) for _, group in itertools.groupby(block.samples, key=_segment)]
    runs = [run for run in groups if _waits(run) and not _only_disk(run, busy, max_block)]
    seen = sum(len(run) for run in runs)
    believable = seen * 2 >= len(block.samples)
    found: list[Observation] = []
    slow = [call for call in block.calls if call.seconds >= max_block / 2 and reportable(call.frames)]
    for call in slow:
        run = next((run for run in runs if _same_place(run[0].frames, call.frames)), None)
        syscall = run[0].sleeping.name if run and run[0].sleeping else ""
        if (run is not None or _slept_unseen(block, call, max_block)) and (call.seconds >= max_block or len(slow) > 1):
            found.append(_of_call(block, call, BLOCKED, syscall, certain=run is not None))
    if found or not believable:
        return found
    merged = _merged(runs)
    for run in merged:
        sleeping = run[0].sleeping
        assert sleeping is not None
        seconds = busy if len(merged) == 1 else _spent(run, groups, block, max_block)
        if len(merged) == 1 or seconds >= max_block / 2:
            found.append(Observation(BLOCKED, run[0].frames, seconds, sleeping.name, block.who, True))
    return found


def _spent(run: list[Sample], groups: list[list[Sample]], block: Block, max_block: float) -> float:
    """Return how long the thread stood where ``run`` saw it: from the first look there to the first look elsewhere."""
    began = block.samples[0].at - max_block  # the first look comes when the block is just old enough
    starts = [began, *(group[0].at for group in groups[1:]), began + block.seconds]
    seen = {id(sample) for sample in run}
    return sum(
        end - start for start, end, group in zip(starts, starts[1:], groups, strict=False) if id(group[0]) in seen
    )


def _waits(run: list[Sample]) -> bool:
    """Return whether these looks, all at one instruction, show the thread waiting there in a system call."""
    if len(run) < 2 or run[0].sleeping is None or not reportable(run[0].frames):
        return False
    if not run[0].sleeping.is_futex:
        return True
    # A thread that only waits for its turn to run Python sleeps in a futex too; then the looks come late as
    # well.
    prompt = sum(later.at - earlier.at < _PROMPT for earlier, later in itertools.pairwise(run))
    return prompt >= 2 or (len(run) >= _MANY and run[-1].at - run[0].at >= _STILL)


def _slept_unseen(block: Block, call: SlowCall, max_block: float) -> bool:
    """Return whether ``call`` slept and let no other thread look: C code that keeps the interpreter to itself."""
    if block.samples or call.seconds < 2 * max_block or _is_file_work(call):
        return False
    return call.slept and call.cpu < _SLEEPS * call.seconds


def _is_file_work(call: SlowCall) -> bool:
    owner = getattr(call.function, "__self__", None)
    return call.function is open or isinstance(owner, io.IOBase) or owner is os


def _merged(runs: list[list[Sample]]) -> list[list[Sample]]:
    by_line: dict[object, list[Sample]] = {}
    for run in runs:
        frame = user_frame(run[0].frames) or run[0].frames[0]
        by_line.setdefault((frame.code.co_filename, frame.line), []).extend(run)
    return list(by_line.values())


def _segment(sample: Sample) -> object:
    sleeping = sample.sleeping.name if sample.sleeping is not None else ""
    return sample.identity, sample.frames[0].lasti, sleeping


def _only_disk(run: list[Sample], busy: float, max_block: float) -> bool:
    """A slow disk or a slow reader of our output is the machine's affair, not a call that gevent has missed."""
    asleep = [sample.sleeping for sample in run if sample.sleeping is not None]
    if any(sleeping.on_output for sleeping in asleep):
        return True
    if not all(sleeping.on_disk for sleeping in asleep) or busy >= _DISK_FACTOR * max_block:
        return False
    return not (asleep[0].name in OPENING and _names_a_fifo(run[0].frames))


def _names_a_fifo(frames: tuple[FrameView, ...]) -> bool:
    """Return whether a local variable of the innermost frames is the path of a FIFO, which open() waits at."""
    for frame in frames[:3]:
        for value in (frame.variables or {}).values():
            if isinstance(value, (str, bytes, os.PathLike)) and len(os.fspath(value)) < 1000:
                try:
                    if stat.S_ISFIFO(os.stat(value).st_mode):
                        return True
                except (OSError, ValueError):
                    pass
    return False


def _same_place(one: tuple[FrameView, ...], other: tuple[FrameView, ...]) -> bool:
    return bool(one and other) and one[0].code is other[0].code and one[0].line == other[0].line


def _of_call(block: Block, call: SlowCall, kind: str, syscall: str, certain: bool = True) -> Observation:
    return Observation(kind, call.frames, call.seconds, syscall, block.who, certain, call)


def reportable(frames: tuple[FrameView, ...]) -> bool:
    """Return whether the stack is somebody's code: not an import, not gevent's own work, not pytest's or ours, nor what
    these have called."""
    shown = user_frame(frames)
    if shown is None or importing(frames) or is_gevent_file(frames[0].code.co_filename):
        return False
    within = itertools.takewhile(lambda frame: not is_user_file(frame.code.co_filename), frames)
    return not any(is_machinery(frame.code.co_filename) for frame in within)
