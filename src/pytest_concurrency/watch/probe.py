"""What a watch leaves in the child processes of the test: stacks on demand, and the globals that they change."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from . import stacks
from .copies import Copies, leave_word
from .deaths import note_death
from .dropped import Dropped
from .globals import Fingerprints, take
from .lost_update import SharedAccess, note_begin
from .patching import Patches
from .rows import leave, left_in

ATTRIBUTE = "_concurrency_probe"
_WRAPPED = "_concurrency_wrapped"


@dataclass
class Probe:
    """Watches this process from its start to its end; travels to it as an attribute of the process object."""

    directory: str
    rootdir: str
    number: int = 0
    pid: int = 0

    def __reduce__(self) -> tuple[Any, ...]:
        return _arrive, (self.directory, self.rootdir, self.number)

    def begin(self) -> None:
        """Take the first fingerprint and open the stack file. To be called in the child."""
        self.pid = os.getpid()
        self._stream = stacks.arm(self.directory)
        with contextlib.suppress(Exception):
            # One in two waits after a read: somebody else has to write meanwhile.
            self._access = SharedAccess(self.directory, self.rootdir, str(self.number), self.number % 2 == 0)
            self._access.install()
            Dropped(self.directory, self.rootdir).install()
            Copies(self.rootdir, Patches()).install(leave_word(self.directory))
        self._before: Fingerprints = {}
        self._written: Fingerprints = {}
        self.rebase()

    def rebase(self) -> None:
        """Forget what has changed so far: an initializer sets up globals for this process alone."""
        self._modules = len(sys.modules)
        with contextlib.suppress(Exception):
            self._before = take(self.rootdir)

    def meet(self) -> None:
        """Take the first fingerprint of modules that have been imported since: unpickling a task imports its module."""
        if len(sys.modules) == self._modules:
            return
        with contextlib.suppress(Exception):
            known = {module for module, _ in self._before}
            new = {key: value for key, value in take(self.rootdir).items() if key[0] not in known}
            self._before = {**self._before, **new}
        self._modules = len(sys.modules)

    def report(self) -> None:
        """Write the globals that have changed since the first fingerprint; never raises, writes each value once."""
        if os.getpid() != self.pid:
            return
        try:
            now = take(self.rootdir)
            changed = {
                key: value
                for key, value in now.items()
                if key in self._before and self._before[key].digest != value.digest and self._written.get(key) != value
            }
            if not changed:
                return
            rows = [
                {
                    "module": module,
                    "name": name,
                    "before": self._before[module, name].shown,
                    "before_digest": self._before[module, name].digest,
                    "after": value.shown,
                    "digest": value.digest,
                    "generator": value.is_generator,
                }
                for (module, name), value in changed.items()
            ]
            leave(self.directory, "globals", rows)
            self._written.update(changed)
        except Exception:
            return


def _arrive(directory: str, rootdir: str, number: int) -> Probe:
    """Unpickle a probe in a fresh interpreter: from here on its process objects look for one."""
    install_bootstrap(lambda name, value: setattr(BaseProcess, name, value))
    return Probe(directory, rootdir, number)


def install_bootstrap(set_attribute: Callable[[str, Any], None]) -> None:
    """Make processes that carry a probe use it around their work."""
    original = BaseProcess._bootstrap  # type: ignore[attr-defined]
    if getattr(original, _WRAPPED, False):
        return

    def _bootstrap(self: Any, *args: Any, **kwargs: Any) -> Any:
        probe = self.__dict__.pop(ATTRIBUTE, None)
        if probe is not None:
            with contextlib.suppress(Exception):
                _attach(probe, self)
        return original(self, *args, **kwargs)

    setattr(_bootstrap, _WRAPPED, True)
    set_attribute("_bootstrap", _bootstrap)


def _attach(probe: Probe, process: Any) -> None:
    note_begin(probe.directory, probe.number)
    run = process.run
    target, args = getattr(process, "_target", None), getattr(process, "_args", ())
    where = (getattr(target, "__module__", ""), getattr(target, "__name__", ""))

    if where in ((_POOL, "worker"), (_EXECUTOR, "_process_worker")):
        probe.begin()
        process._args = _per_task(probe, args)
        return
    if where == (_MANAGERS, "_run_server"):
        probe._stream = stacks.arm(probe.directory)  # a server: what it holds is shared through its proxies
        return

    def watched() -> None:
        probe.begin()
        try:
            run()
        except Exception as error:
            note_death(probe.directory, probe.rootdir, error)
            raise
        finally:
            probe.report()

    process.run = watched


_POOL = "multiprocessing.pool"
_EXECUTOR = "concurrent.futures.process"
_MANAGERS = "multiprocessing.managers"


def _per_task(probe: Probe, args: tuple[Any, ...]) -> tuple[Any, ...]:
    """Report after each task, before its result leaves: a worker of a pool is often ended by a signal."""
    results = args[1]
    put = results.put

    def reported(item: Any) -> None:
        probe.report()
        put(item)

    results.put = reported
    tasks = args[0]
    get = tasks.get

    def met(*given: Any, **named: Any) -> Any:
        task = get(*given, **named)
        probe.meet()
        return task

    tasks.get = met
    changed = list(args)
    if len(changed) > 2 and changed[2] is not None:
        initializer = changed[2]

        def initialise(*values: Any) -> None:
            try:
                initializer(*values)
            except Exception as error:
                note_death(probe.directory, probe.rootdir, error, "the initializer of a pool")
                raise
            probe.rebase()

        changed[2] = initialise
    return tuple(changed)


def read_changes(paths: list[Path]) -> list[tuple[int, dict[str, Any]]]:
    """Return what the children wrote into these files, as (process id, row)."""
    return [(int(path.stem), row) for path in paths for row in left_in(path)]
