"""Files in a recorded run: who opened, renamed or removed which, for the report.

Python tells its audit hooks of it, whoever calls: ``open``, ``os`` or ``pathlib``. A hook cannot be taken off again;
this one is put on in the worker process, which runs nothing but tests of greenlets, and does nothing between recorded
runs.
"""

from __future__ import annotations

import os
import sys
from typing import Any

from ....runtime.control import identity
from ....state import STATE
from ....trace.outcome import Row
from ..places import is_user_file

_WRITES = os.O_WRONLY | os.O_RDWR | os.O_TRUNC | os.O_APPEND
_CHANGES = frozenset({"os.remove", "os.rename", "os.mkdir", "os.rmdir", "os.truncate", "os.link"})
_LOOKS = frozenset({"os.listdir", "os.scandir"})
_CODE = (".py", ".pyc", ".so")
_ELSEWHERE = ("/proc/", "/sys/", "/dev/")


class Recorder:
    """Adds a row to the recorded run for each file that the program under test touches."""

    def __init__(self) -> None:
        self._installed = False
        self._busy = False

    def install(self) -> None:
        """Begin to listen, once for the life of the process."""
        if not self._installed:
            self._installed = True
            sys.addaudithook(self._heard)

    def _heard(self, event: str, args: tuple[Any, ...]) -> None:
        run: Any = STATE.run
        if run is None or run.rows is None or self._busy:
            return
        if event != "open" and event not in _CHANGES and event not in _LOOKS:
            return
        if identity() != STATE.ident:
            return
        self._busy = True
        try:
            self._note(run, event, args)
        finally:
            self._busy = False

    def _note(self, run: Any, event: str, args: tuple[Any, ...]) -> None:
        frame: Any = sys._getframe(2)
        while frame is not None and not is_user_file(frame.f_code.co_filename):
            frame = frame.f_back
        if frame is None:
            return
        if event == "open":
            changed = [(args[0], bool(args[2] & _WRITES))]
        elif event in ("os.rename", "os.link"):
            changed = [(args[0], True), (args[1], True)]
        else:
            changed = [(args[0], event in _CHANGES)]
        for path, write in changed:
            if not isinstance(path, (str, bytes, os.PathLike)):
                continue
            full = os.path.abspath(os.fsdecode(path))
            if full.endswith(_CODE) or full.startswith(_ELSEWHERE):
                continue
            action = "write" if write else "read"
            code = frame.f_code
            site = f"{os.path.basename(code.co_filename)}:{code.co_qualname}:{frame.f_lineno}:{action}"
            run.rows.append(
                Row(STATE.worker.path, code.co_filename, frame.f_lineno, action, os.path.basename(full), "", site,
                    run.steps, ("file", full))
            )  # fmt: skip


RECORDER = Recorder()
