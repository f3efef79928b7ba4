"""Recording of processes: made, started, ended by force; by ``multiprocessing``, ``os.fork`` and ``subprocess``."""

from __future__ import annotations

import ast
import multiprocessing.connection
import os
import subprocess
import sys
import types
from functools import partial
from multiprocessing.process import BaseProcess
from typing import TYPE_CHECKING, Any

from . import ends
from .globals import short
from .lost_update import note_start
from .patching import Patches
from .probe import ATTRIBUTE, Probe, install_bootstrap
from .record import ProcessStarted, Site, TargetCalled, Terminated
from .sites import call_at, own_frame, site_of
from .tree import look

if TYPE_CHECKING:
    from .watch import Watch


def install(watch: Watch, patches: Patches) -> None:
    """Patch what starts and ends processes."""
    install_bootstrap(lambda name, value: patches.set(BaseProcess, name, value))
    patches.wrap(BaseProcess, "__init__", lambda original: _init(watch, original))
    patches.wrap(BaseProcess, "start", lambda original: _start(watch, original))
    for name in ("terminate", "kill"):
        patches.wrap(BaseProcess, name, partial(_ended, watch, name))
    ends.install(patches, partial(_seen, watch), partial(_met_end, watch))
    patches.wrap(os, "_exit", lambda original: _exit(watch, original))
    patches.wrap(subprocess.Popen, "__init__", lambda original: _popen(watch, original))
    patches.wrap(multiprocessing.connection, "Pipe", lambda original: _pipe(watch, original))


def passed_call(frame: Any, keyword: str, position: int) -> ast.Call | None:
    """Return the call that stands where ``keyword`` (or positional argument ``position``) is passed in ``frame``."""
    call = call_at(frame)
    if call is None:
        return None
    for given in call.keywords:
        if given.arg == keyword:
            return given.value if isinstance(given.value, ast.Call) else None
    if len(call.args) > position and not any(isinstance(arg, ast.Starred) for arg in call.args[: position + 1]):
        value = call.args[position]
        return value if isinstance(value, ast.Call) else None
    return None


def note_called(watch: Watch, value: object, keyword: str, position: int, what: str) -> None:
    """Record it where a call stands in the place of the function that was to be passed, and gave ``value``."""
    frame = own_frame(sys._getframe(2), watch.plan.rootdir)
    if frame is None:
        return
    call = passed_call(frame, keyword, position)
    if call is None:
        return
    site = site_of(frame, watch.plan.rootdir)
    site = Site(site.path, call.lineno, site.function, site.text)
    watch.record.called.append(TargetCalled(site, ast.unparse(call), ast.unparse(call.func), short(value), what))


def _init(watch: Watch, original: Any) -> Any:
    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:
        __tracebackhide__ = True
        original(self, *args, **kwargs)
        if not watch.recording:
            return
        watch.processes.add(self)
        given = "target" in kwargs or len(args) > 1
        target = getattr(self, "_target", None)
        if given and not callable(target) and type(self).run is BaseProcess.run:
            note_called(watch, target, "target", 1, "target")

    return __init__


def _start(watch: Watch, original: Any) -> Any:
    def start(self: Any) -> None:
        __tracebackhide__ = True
        if not watch.recording:
            return original(self)  # type: ignore[no-any-return]
        target = getattr(self, "_target", None)
        site = site_of(own_frame(sys._getframe(1), watch.plan.rootdir), watch.plan.rootdir)
        function = self.__dict__.pop("_concurrency_function", None)
        passed = tuple(arg for arg in getattr(self, "_args", ()) if callable(arg))
        number = len(watch.record.started)
        note_start(watch.directory, number)
        setattr(self, ATTRIBUTE, Probe(watch.directory, watch.plan.rootdir, number))
        try:
            original(self)
        finally:
            self.__dict__.pop(ATTRIBUTE, None)
        owner = _OWNERS.get((getattr(target, "__module__", ""), getattr(target, "__name__", "")), "")
        worker = getattr(self, "_concurrency_worker", None)
        if worker is not None:
            owner, target, passed = "runner", function, ()
        watch.record.started.append(
            ProcessStarted(
                pid=self.pid,
                name=f"worker {worker}" if worker is not None else self.name,
                method=str(getattr(self._popen, "method", "")),
                daemon=bool(self.daemon),
                site=site,
                created_here=_is_ours(watch, self, owner),
                owner=owner,
                target=target if target is not None else type(self).run,
                passed=passed,
                by_default=_is_default(self),
            )
        )
        return None

    return start


def _is_default(process: Any) -> bool:
    """Return whether ``process`` was started by the method that Python starts processes by if nobody says otherwise."""
    default = multiprocessing.get_all_start_methods()[0]
    asked = getattr(type(process), "_start_method", "")
    return asked is None and multiprocessing.get_start_method(allow_none=True) in (None, default)


def _is_ours(watch: Watch, process: Any, owner: str) -> bool:
    """Return whether the process, or the pool or executor that it works for, was made while the body ran."""
    if owner not in ("Pool", "ProcessPoolExecutor"):
        return process in watch.processes
    frame: Any = sys._getframe(2)
    for _ in range(12):
        if frame is None:
            break
        members, pool = frame.f_locals.get("pool"), frame.f_locals.get("self")
        if any(pool is known or (members is not None and members is known_members(known)) for known in watch.pools):
            return True
        frame = frame.f_back
    return False


def known_members(pool: Any) -> Any:
    """Return the list of workers that a pool keeps (its own object, to be told apart by identity)."""
    return vars(pool).get("_pool")


_OWNERS = {
    ("multiprocessing.pool", "worker"): "Pool",
    ("concurrent.futures.process", "_process_worker"): "ProcessPoolExecutor",
    ("multiprocessing.managers", "_run_server"): "Manager",
}


def _ended(watch: Watch, how: str, original: Any) -> Any:
    def end(self: Any) -> Any:
        __tracebackhide__ = True
        if watch.recording and self.pid is not None and watch.is_from_body(sys._getframe(1)):
            site = site_of(own_frame(sys._getframe(1), watch.plan.rootdir), watch.plan.rootdir)
            watch.record.terminated.append(Terminated(self.pid, self.name, site, how))
        return original(self)

    return end


def _seen(watch: Watch, pid: int | None) -> None:
    if watch.recording and pid is not None:
        watch.record.asked_about.add(pid)


def note_collected(watch: Watch) -> None:
    """Note the processes that are gone without multiprocessing knowing how: the program has asked the system itself, by
    a function that it had bound to a name of its own."""
    for child in list(watch.processes):
        popen: Any = getattr(child, "_popen", None)
        if getattr(popen, "method", "") in ("fork", "spawn") and popen.returncode is None:
            if popen.pid and look(popen.pid) is None:
                watch.record.asked_about.add(popen.pid)


def _met_end(watch: Watch, frame: types.FrameType) -> None:
    if watch.recording and os.getpid() == watch.pid and own_frame(frame, watch.plan.rootdir):
        watch.record.end_met = True  # not by a thread of a pool's, which has nobody to tell


def _exit(watch: Watch, original: Any) -> Any:
    def _exit(status: int) -> None:
        if watch.child_probe is not None:
            watch.child_probe.report()
        original(status)

    return _exit


def _popen(watch: Watch, original: Any) -> Any:
    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:
        __tracebackhide__ = True
        original(self, *args, **kwargs)
        if watch.recording:
            site = site_of(own_frame(sys._getframe(1), watch.plan.rootdir), watch.plan.rootdir)
            name = f"subprocess {self.pid}"
            watch.record.started.append(ProcessStarted(self.pid, name, "subprocess", False, site, True, "subprocess"))

    return __init__


def _pipe(watch: Watch, original: Any) -> Any:
    def Pipe(duplex: bool = True) -> Any:
        ends = original(duplex)
        if watch.recording:
            inodes = [os.fstat(end.fileno()).st_ino for end in ends]
            site = site_of(own_frame(sys._getframe(1), watch.plan.rootdir), watch.plan.rootdir)
            watch.pipes.append((inodes[0], inodes[1], site))
        return ends

    return Pipe
