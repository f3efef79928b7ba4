"""CH409: processes that wait for each other."""

from __future__ import annotations

import linecache
import re
from collections.abc import Sequence

from ..model import Finding, Location
from ..project import relative
from .child_died import named
from .fork_hazard import waits_for
from .judging import Context, explain
from .queue_not_drained import hands_over, last_own_line
from .record import Record, Stuck
from .sites import is_own

_THREAD = "(most recent call first):"
_KNOWN = (
    (
        "a pipe end is left open",
        "A process waits for the end of a pipe of which somebody still holds the writing end.",
        "Close, in every process, the ends of the pipe that it does not use.",
    ),
    (
        "task_done missing",
        "JoinableQueue.join() waits until every item that was put has been marked as done.",
        "Call task_done() once for each get(), in a finally clause.",
    ),
    (
        "was ended with",
        "A process that is ended by force keeps the locks that it holds.",
        "Let it end by itself: ask it to by an Event or a last item of its queue, and join it.",
    ),
    (
        "waits to write its output",
        "A pipe takes some 64 KB: who writes more waits until somebody reads.",
        "Use communicate() or subprocess.run(), which read while they wait, or let the output go to a file.",
    ),
    (
        "of the pool has died",
        "A pool replaces a worker that has died, but nobody gets the task that it had.",
        "Find out why it dies, or use ProcessPoolExecutor, which then raises BrokenProcessPool.",
    ),
    (
        " died of ",
        "A process that others wait for has died of an exception.",
        "Mend the exception, and let nobody wait in vain where there is one: look at exitcode, wait with a time-out, "
        "or put the last item in a finally clause.",
    ),
    (
        " waits in get() ",
        "A process waits for an item of a queue, and nobody is left to put one.",
        "Put as many items, or sentinels, as are waited for, also where something fails before.",
    ),
    (
        ", which nobody ",
        "A process waits for an event or a notification, and nobody is left to bring it.",
        "Set the event also where something fails before; test the state under the lock before waiting for a "
        "notification (Condition.wait_for).",
    ),
    (
        " at a barrier,",
        "A barrier lets nobody pass before all of its parties have come.",
        "Give the barrier as many parties as come to it, abort() it where one fails, or wait with a time-out.",
    ),
)
"""Cause and fix by a part of what is known about the hang."""


def find(record: Record, context: Context) -> list[Finding]:
    """Return a finding where the body hung, with each process's stack; none where CH404, CH405 or CH407 explains it."""
    if not record.stuck or not (len(record.stuck) > 1 or any(stuck.facts for stuck in record.stuck) or record.started):
        return []  # the test waits for something, but not for a process
    if any(hands_over(stuck.stack) for stuck in record.stuck):
        return []
    if any(waits_for(stuck, forked) for stuck in record.stuck if not stuck.is_body for forked in record.forked):
        return []
    if any(task.error is entry.exception and not task.seen for task in record.failed for entry in record.unpicklable):
        return []
    if any(entry.arrived and entry.lost for entry in record.unpicklable):
        return []
    facts = list(dict.fromkeys(fact for stuck in record.stuck for fact in stuck.facts))
    for ended in record.terminated:
        if any(_takes_lock(stuck.stack) for stuck in record.stuck):
            facts.append(f"{ended.name} was ended with {ended.how}() at {ended.site}: a lock that it held stays locked")
    names = {entry.pid: entry.name for entry in record.started}
    for died in record.died:
        name = names.get(died.pid, f"process {died.pid}")
        facts.append(f"{named(died, context.rootdir, name)}: what it was to do will never be done")
    facts.sort(key=_rank)
    body = next((stuck for stuck in record.stuck if stuck.is_body), record.stuck[0])
    place = last_own_line(body.stack, context.rootdir)
    others = [stuck for stuck in record.stuck if stuck is not body]
    where = f" at {place[0]}:{place[1]}" if place else ""
    waits = [(stuck, wait) for stuck in others if (wait := _waits_at(stuck, context.rootdir))]
    told = [f"{stuck.name} waits at {wait[0]}:{wait[1]}: {wait[2]}" for stuck, wait in waits]
    if facts and " waits for " in facts[0] and not facts[0].startswith("join()"):
        message = "; ".join([f"the test hangs{where}: {facts[0]}", *told])  # who does not bring it, and what it does
        told = []
    elif facts:
        message = f"the test hangs{where}: {facts[0]}"
    else:
        message = (
            "; ".join([f"the test hangs{where}", *told]) if told else f"the test hangs{where} with {_many(others)}"
        )
    rows = [*facts[1:], *(told if facts else ())]
    rows += [f"stack of {stuck.name} (pid {stuck.pid}):\n{stuck.stack.rstrip()}" for stuck in record.stuck]
    locations: list[Location] = []
    if place:
        locations.append(Location(place[0], place[1], context.worker, "wait", body.name))
    locations += [Location(wait[0], wait[1], stuck.name, "wait", stuck.name, wait[2]) for stuck, wait in waits]
    locations += [
        ended.site.location(ended.how, ended.name, "", context.worker) for ended in record.terminated if ended.site.path
    ]
    cause, fix = next(((cause, fix) for part, cause, fix in _KNOWN if facts and part in facts[0]), ("", ""))
    detail = explain(*rows, code="CH409", cause=cause, fix=fix)
    return [Finding("CH409", message, detail, locations=tuple(locations))]


def _many(others: Sequence[Stuck]) -> str:
    if not others:
        return "no process left that it could wait for"
    return "one process running" if len(others) == 1 else f"{len(others)} processes running"


def _waits_at(stuck: Stuck, rootdir: str) -> tuple[str, int, str] | None:
    """Return path, line and source of the project's line at which the main thread of a child stands: the last one of a
    dump, whose innermost frame comes first."""
    thread = stuck.stack.split(_THREAD)[-1]
    for match in re.finditer(r'File "([^"]+)", line (\d+)', thread):
        if is_own(match[1], rootdir):
            line = int(match[2])
            return relative(match[1], rootdir), line, linecache.getline(match[1], line).strip()
    return None


def _rank(fact: str) -> int:
    """Return how little ``fact`` says of the cause: a pipe that cannot end first, who waits for whom last."""
    if fact.startswith(("join()", "the test's")):
        return 2
    return int(" waits in get() " in fact or " waits to read " in fact or " waits for " in fact)


def _takes_lock(stack: str) -> bool:
    return "synchronize.py" in stack or "acquire" in stack or "_recv" in stack
