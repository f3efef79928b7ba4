"""What every hook comes to: a read, a write or a call of unknown effect is announced, then noted."""

from __future__ import annotations

import types
from _thread import get_ident
from collections.abc import Mapping
from typing import Any

from ...instrument.sites import DELETE, Site
from ...state import STATE
from ...trace.outcome import DELETED
from ..containers import WHOLE
from ..control import mine
from ..location import Location, View
from ..lost_updates import check_lost_update, through_caller
from ..passed import call_of
from ..rows import note
from ..values import ATOMS, remember, show

OFTEN = 30_000
"""Calls at one place after which it is silent for a while in any run: what computes for long has to come to its end."""


def read(site: Site, key: Any, loc: Any, view: View, a: Any, b: Any, shown: Any = None) -> None:
    """Announce a read, then note it.

    ``loc`` is the location that counts for scheduling, ``key`` the exact one: a container, and one item of it. ``a``
    and ``b`` are the operands with which ``view`` looks at it. The row is of ``shown``, where that is another location:
    nobody has written to ``loc``.
    """
    run = STATE.run
    worker = STATE.worker
    worker.key = key
    run.announce(worker, site, loc, False)
    if run.coasting or (run.light and not site.is_source):
        return
    location = run.locations.get(key)
    if location is None:
        location = run.locations[key] = Location()
    if run.observing:
        run.observe(worker, site, loc, False, a)
        if run.recorder is not None:
            run.recorder.access(worker, site, key, loc, False, view.target(a, b), (a, b))
    if run.rows is not None:
        value = view.peek(a, b)
        place = loc if shown is None or location.version else shown
        note(run, worker, site, "read", view.target(a, b), show(value), place, remember(value))
        if site.is_source:
            worker.reads[site] = (key, location.version, remember(value), run.steps, worker.section)
    elif site.is_source:
        worker.reads[site] = (key, location.version, remember(view.peek(a, b)), run.steps, worker.section)
    if site.returned:
        worker.calls[site] = call_of()


def look_for_own(site: Site, own: Any, loc: Any, obj: Any) -> None:
    """Announce that ``obj`` is looked into, at ``own``, for an attribute that it does not have: that of its class,
    which is read next, stands for it until somebody writes there."""
    run, worker = STATE.run, STATE.worker
    worker.key = own
    run.announce(worker, site, loc, False)
    if run.observing and not run.coasting:
        run.observe(worker, site, loc, False, obj)


def read_default(site: Site, key: Any, own: Any) -> None:
    """Note that what was just read at ``key``, in a class, stood for what an instance does not have yet: it is out of
    date, too, once somebody writes to ``own``, the location of the instance."""
    run, worker = STATE.run, STATE.worker
    found = worker.reads.get(site)
    if run.coasting or found is None or found[0] != key:
        return
    location = run.locations.get(own)
    worker.defaults[site] = (own, 0 if location is None else location.version, *found[2:])


def write(site: Site, key: Any, loc: Any, value: Any, view: View, a: Any, b: Any) -> None:
    """Announce a write of ``value``, then note it, and whether it loses an update; see :func:`read`."""
    run = STATE.run
    worker = STATE.worker
    worker.key = key
    run.announce(worker, site, loc, True)
    if run.coasting:
        return
    location = run.locations.get(key)
    if location is None:
        location = run.locations[key] = Location()
    if run.observing:
        run.observe(worker, site, loc, True, a)
        if run.recorder is not None:
            run.recorder.access(worker, site, key, loc, True, view.target(a, b), (a, b))
    row = None
    if run.rows is not None:
        told = DELETED if site.action == DELETE and view is not WHOLE else show(value)
        row = note(run, worker, site, "write", view.target(a, b), told, loc, remember(value))
    if site.derived:
        check_lost_update(run, worker, site, site.derived, key, location, value, view, a, b, row)
    if site.given and worker.calls and location.version:
        sources = through_caller(worker, site, key, location)
        if sources:
            check_lost_update(run, worker, site, sources, key, location, value, view, a, b, row)
    location.version = version = location.version + 1
    index = worker.index
    if location.writer != index:
        location.writer, location.streak = index, version
    is_atom = type(value) in ATOMS
    location.last[index] = version, site, run.steps, worker, value if is_atom else id(value), is_atom


def step(site: Site) -> None:
    """Announce that a call is about to be made whose effect is not known; silent but in the phase that looks there."""
    if site.off or (get_ident() != STATE.ident and not mine()):
        return
    worker, run = STATE.worker, STATE.run
    if run.live > 1:
        worker.key = None
        run.announce(worker, site, None, False)
        if run.observing or worker.occurrence > OFTEN:
            run.passed(site)
        if run.rows is not None:
            note(run, worker, site, site.name or "call", "", "", None)


def asks_key(name: str, kwargs: Mapping[str, Any]) -> None:
    """Note that the function called ``name`` calls a key function: what one written in C touches is not announced."""
    key = kwargs.get("key")
    if key is None or STATE.run.precise is None or STATE.run.live < 2:
        return
    of_strings = type(key) is types.MethodDescriptorType and key.__objclass__ is str
    if not of_strings and not isinstance(key, (types.FunctionType, types.MethodType)):
        STATE.run.precise.doubt(f"the effects of the key function of {name}() are not known")


def unknown(obj: Any, site: Site) -> None:
    """An operation on an object whose class may do anything: it counts like a call of unknown effect."""
    run = STATE.run
    if run.precise is not None:
        run.precise.met(STATE.worker, obj)
        return
    if type(obj).__module__ == "builtins" or run.light:
        wanted = site.key in run.strategy.sites or site in run.opened or site in run.polled
        if not run.light or not wanted:
            return
    if run.observing:
        run.unknown.add(site)
    step(site)
