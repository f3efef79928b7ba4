"""CH306: a greenlet died of an exception and nobody looked at it."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Sequence
from typing import Any

from ...hazards import CATALOGUE, help_text
from ...model import Finding, Location
from .lifecycle import Life
from .looks import Looks
from .places import is_gevent_file, is_user_file


def lost_errors(
    lives: Sequence[Life],
    repeat: int,
    level: str,
    relative: Callable[[str], str],
    test: tuple[str, str] = ("", ""),
    root: str = "",
) -> list[Finding]:
    """Return CH306 for each greenlet that the user's code spawned, that died of an error, and whose error was lost.

    ``test`` is the name and the file of the test function, ``root`` the directory of the project.
    """
    findings = []
    looks = Looks(*test, root)
    failed = [(life, error) for life in lives if isinstance(error := _error_of(life), Exception)]
    # Who waits for several is told of the first that fails, and goes no further.
    told = {id(life.spawner) for life, error in failed if life.died is None and was_fetched(error)}
    for life, error in failed:
        if life.left or not is_user_file(life.site[0]):
            continue
        if life.died is None:
            if was_fetched(error) or _was_killed(life, error) or looks.may_be_at(life.site):
                continue
            if id(life.spawner) in told and not looks.dropped(life.site):
                continue
        path, line = relative(life.site[0]), life.site[1]
        name = type(error).__name__
        what = "greenlet spawned" if life.died is None else "thread started"
        message = f"{path}:{line}: the {what} here died of {name}: {error} and nobody looked at it"
        fix = "" if life.died is None else CATALOGUE["CH108"].fix
        rows = [f"{message}.", "", *_raised(error, relative), help_text("CH306", fix)]
        places = [Location(path, line, life.path, "spawned", life.function, f"{name}: {error}")]
        findings.append(Finding("CH306", message, "\n".join(rows), level, repeat, locations=tuple(places)))
    return findings


def _error_of(life: Life) -> BaseException | None:
    error: BaseException | None = life.died or (life.greenlet.exception if life.greenlet.dead else None)
    return error


def _was_killed(life: Life, error: BaseException) -> bool:
    """Return whether the greenlet died of the very exception that it was killed with, at the latest before it began.

    What closes a connection throws an OSError into those who wait there; nobody has meant to kill them.
    """
    trace = error.__traceback__
    if trace is None:
        return True
    while trace.tb_next is not None:
        trace = trace.tb_next
    return life.killed and not isinstance(error, OSError) and is_gevent_file(trace.tb_frame.f_code.co_filename)


def was_fetched(error: BaseException) -> bool:
    """Return whether the exception of a dead greenlet was raised again for somebody, as get() and joinall() do.

    Raising it again puts the frames of whoever asked in front of the greenlet's own.
    """
    trace = error.__traceback__
    if trace is None:
        return False
    code = trace.tb_frame.f_code
    return not (is_gevent_file(code.co_filename) and code.co_name.rpartition(".")[2] == "run")


def _raised(error: BaseException, relative: Callable[[str], str]) -> list[str]:
    frames: list[Any] = [f for f in traceback.extract_tb(error.__traceback__) if is_user_file(f.filename)]
    frames = frames or [f for f in traceback.extract_tb(error.__traceback__) if not is_gevent_file(f.filename)]
    return [f"    {relative(frame.filename)}:{frame.lineno} in {frame.name}" for frame in frames]
