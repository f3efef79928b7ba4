"""Files: writing one so that a reader sees the old content or the new, never half of it; how one is named in short."""

from __future__ import annotations

import errno
import os
import stat
import tempfile
from collections.abc import Iterable
from pathlib import Path, PurePath

_IN_EVERY_PACKAGE = frozenset({"__init__.py", "__main__.py"})


def why_not(path: str | os.PathLike[str]) -> str:
    """Return why :func:`write_atomically` cannot write ``path``, "" where nothing is known against it."""
    target = Path(path).absolute()
    if target.is_dir():
        return os.strerror(errno.EISDIR)
    folder = next(parent for parent in target.parents if os.path.lexists(parent))
    if not folder.is_dir():
        return os.strerror(errno.ENOTDIR)
    try:
        tempfile.TemporaryFile(dir=folder).close()
    except OSError as error:
        return error.strerror or type(error).__name__
    return ""


def write_atomically(path: str | os.PathLike[str], text: str) -> None:
    """Write ``text`` to ``path`` through a temporary file in the same directory; create missing directories."""
    target = Path(os.path.realpath(path))  # a link stays one
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        os.chmod(temporary, _mode_of(target))
        os.replace(temporary, target)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def _mode_of(target: Path) -> int:
    """Return the permissions of ``target``; where there is none yet, those that any new file gets."""
    try:
        return stat.S_IMODE(target.stat().st_mode)
    except OSError:
        mask = os.umask(0)  # it can only be read by setting it
        os.umask(mask)
        return 0o666 & ~mask


def short(path: str, among: Iterable[str] = ()) -> str:
    """Return the end of ``path`` that tells which file it is: its name, with as many directories as tell it from the
    other files ``among`` which it is named, and the package's where the name alone says nothing."""
    parts = PurePath(path).parts
    others = [PurePath(other).parts for other in set(among) - {path} if other]
    count = 2 if parts and parts[-1] in _IN_EVERY_PACKAGE else 1
    while count < len(parts) and any(other[-count:] == parts[-count:] for other in others):
        count += 1
    return os.path.join(*parts[-count:]) if parts else ""
