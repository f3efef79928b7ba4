"""CH409: processes that wait for each other."""

from __future__ import annotations

from ..model import Finding, Location
from .child_died import named
from .fork_hazard import waits_for
from .judging import Context, explain
from .queue_not_drained import hands_over, last_own_line
from .record import Record


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
    message = f"the test hangs{where}" + (f": {facts[0]}" if facts else f" with {len(others)} process(es) running")
    rows = [*facts]
    rows += [f"stack of {stuck.name} (pid {stuck.pid}):\n{stuck.stack.rstrip()}" for stuck in record.stuck]
    locations: list[Location] = []
    if place:
        locations.append(Location(place[0], place[1], context.worker, "wait", body.name))
    locations += [
        ended.site.location(ended.how, ended.name, "", context.worker) for ended in record.terminated if ended.site.path
    ]
    return [Finding("CH409", message, explain(*rows, code="CH409"), locations=tuple(locations))]


def _rank(fact: str) -> int:
    """Return how little ``fact`` says of the cause: a pipe that cannot end first, who waits for whom last."""
    if fact.startswith(("join()", "the test's")):
        return 2
    return int(" waits in get() " in fact or " waits to read " in fact)


def _takes_lock(stack: str) -> bool:
    return "synchronize.py" in stack or "acquire" in stack or "_recv" in stack
