"""CH405: the process was forked while other threads ran, or locks were held."""

from __future__ import annotations

import re

from ..model import Finding
from .judging import Context, explain
from .record import Forked, Record, Stuck

_ACQUIRE = re.compile(r"in (acquire|__enter__|wait|_wait_for_tstate_lock)$")


def find(record: Record, context: Context) -> list[Finding]:
    """Return one warning for each line that forked so; an error where a child hangs waiting for such a lock."""
    findings: dict[str, Finding] = {}
    children = {entry.pid: entry for entry in record.started if entry.method == "fork"}
    for forked in record.forked:
        hanging = [stuck for stuck in record.stuck if stuck.pid in children and waits_for(stuck, forked)]
        if not hanging and not forked.threads:
            continue  # a lock that the forking thread holds itself harms only a child that wants it
        known = findings.get(str(forked.site))
        if known is None or (hanging and known.severity != "error"):
            findings[str(forked.site)] = _finding(forked, hanging, context)
    return list(findings.values())


def waits_for(stuck: Stuck, forked: Forked) -> bool:
    """Return whether the main thread of ``stuck`` stands at a line that takes one of the locks held at the fork."""
    if not forked.locks:
        return False
    import linecache

    for line in stuck.stack.splitlines():
        match = re.match(r'\s*File "([^"]+)", line (\d+)', line)
        if not match:
            continue
        if _ACQUIRE.search(line.strip()) and "threading.py" in match[1]:
            continue
        text = linecache.getline(match[1], int(match[2]))
        return any(re.search(rf"\b{re.escape(lock.name.split('.')[-1])}\b", text) for lock in forked.locks)
    return False


def _finding(forked: Forked, hanging: list[Stuck], context: Context) -> Finding:
    locks = ", ".join(f"{lock.kind} {lock.name} held by {lock.holder} at {lock.site}" for lock in forked.locks)
    threads = ", ".join(f"{thread.name} at {thread.site}" for thread in forked.threads)
    what = "; ".join(part for part in (f"running: {threads}" if threads else "", locks) if part)
    message = f"forked at {forked.site} while threads ran or locks were held ({what})"
    rows = [f"{forked.site}: {forked.site.text}"]
    rows += [f"thread {thread.name}: {thread.site}: {thread.site.text}" for thread in forked.threads]
    rows += [f"{lock.kind} {lock.name}: held by {lock.holder}, {lock.site}" for lock in forked.locks]
    for stuck in hanging:
        message += f"; {stuck.name} hangs waiting for it"
        rows.append(f"stack of {stuck.name}, which hangs:\n{stuck.stack.rstrip()}")
    locations = [forked.site.location("fork", "process", "", context.worker)]
    locations += [lock.site.location("hold", lock.name, lock.kind, lock.holder) for lock in forked.locks]
    locations += [thread.site.location("run", thread.name, "", thread.name) for thread in forked.threads]
    severity = "error" if hanging else ""
    return Finding("CH405", message, explain(*rows, code="CH405"), severity=severity, locations=tuple(locations))
