"""Files: opening, reading, writing, renaming, removing, asking whether they are there.

A file is known by its path. Opening it for reading and every read of it look at it; opening it with truncation, every
write to it, a rename over it and its removal change it. Only regular files and paths that do not exist yet count.

Listing a directory looks at it. Where the program does so, what makes, removes or renames an entry of a directory
changes that directory, too.
"""

from __future__ import annotations

import builtins
import contextlib
import io
import os
import stat
import sys
from collections.abc import Callable, Iterator
from typing import Any

from .agent import Agent
from .locks import file_closes
from .patches import Patches
from .places import ACCESS, Place
from .values import Failed

READ, WRITE, ENTRY = "read", "write", "entry"
_ELSEWHERE = ("/proc/", "/sys/", "/dev/")
_LOOKED_AT = 65_536


def install(agent: Agent, patches: Patches) -> None:
    """Hook files. They let pass what is not done by a worker."""
    opener = _opener(agent, io.open)
    patches.set(builtins, "open", opener)
    patches.set(io, "open", opener)
    for name, make in FUNCTIONS.items():
        original = getattr(os, name, None)
        if original is not None:
            patches.set(os, name, make(agent, name, original))
            _rebind(patches, original, getattr(os, name))


def _rebind(patches: Patches, original: Any, hooked: Any) -> None:
    """Put ``hooked`` where a class of the module glob has bound ``original`` for itself."""
    for cls in vars(sys.modules.get("glob", sys)).values():
        if isinstance(cls, type):
            for name, value in list(vars(cls).items()):
                if isinstance(value, staticmethod) and value.__func__ is original:
                    patches.set(cls, name, staticmethod(hooked))


def path_loc(path: Any) -> tuple[str, str] | None:
    """Return the location of a path; None for what is no regular file and no free name."""
    try:
        if isinstance(path, int):
            return None
        text = os.path.abspath(os.fsdecode(path))
        if text.startswith(_ELSEWHERE):
            return None
        mode = _stat(text).st_mode
    except FileNotFoundError:
        return ("file", text)
    except (OSError, ValueError, TypeError):
        return None
    return ("file", text) if stat.S_ISREG(mode) or stat.S_ISDIR(mode) else None


_stat = os.stat
_fstat = os.fstat
_open = io.open


class Handle:
    """What is known of an open file: where it is, the place that opened it, and whether that has emptied it."""

    __slots__ = ("append", "emptied", "loc", "name", "opened")

    def __init__(self, loc: tuple[str, str], name: str, opened: Place | None, append: bool, emptied: bool) -> None:
        self.loc = loc
        self.name = name
        self.opened = opened
        self.append = append
        self.emptied = emptied

    def span(self, fd: int, data: Any) -> tuple[int, int] | None:
        """Return which bytes of the file ``data`` has just been written to; None where the others are new as well."""
        if self.emptied or self.append:
            return None
        end = os.lseek(fd, 0, os.SEEK_CUR)
        return end - len(bytes(data)), end


class SharedFile(io.FileIO):
    """A raw file whose reads and writes are announced."""

    concurrency: tuple[Agent, Handle] | None = None

    def _around(self, write: bool, run: Callable[[], Any], value: Callable[[Any], Any]) -> Any:
        known = self.concurrency
        if known is None or not known[0].here() or known[0].quiet:
            return run()
        agent, handle = known
        place = agent.announce(sys._getframe(2), ACCESS, WRITE if write else READ, handle.loc, write=write,
                               name=handle.name)  # fmt: skip
        with agent.as_one():
            result = run()
        opened = handle.opened.key if handle.opened else ""
        span = handle.span(self.fileno(), value(result)) if write else None
        agent.did(place, handle.loc, None, write, value(result), opened=opened, overwrites=not handle.append, span=span)
        return result

    def readinto(self, buffer: Any) -> int | None:
        return self._around(False, lambda: io.FileIO.readinto(self, buffer), lambda n: bytes(buffer[: n or 0]))  # type: ignore[no-any-return]

    def readall(self) -> bytes:
        return self._around(False, lambda: io.FileIO.readall(self), lambda data: data)  # type: ignore[no-any-return]

    def read(self, size: int | None = -1) -> bytes:
        if size is None or size < 0:
            return self.readall()
        return self._around(False, lambda: io.FileIO.read(self, size), lambda data: data)  # type: ignore[no-any-return]

    def write(self, data: Any) -> int:
        return self._around(True, lambda: io.FileIO.write(self, data), lambda _: bytes(data))  # type: ignore[no-any-return]

    def close(self) -> None:
        known = self.concurrency
        if known is not None and not self.closed:
            file_closes(known[0], self.fileno())
        super().close()


def _opener(agent: Agent, original: Any) -> Any:
    def open_(
        file: Any, mode: str = "r", buffering: int = -1, encoding: Any = None, errors: Any = None, newline: Any = None,
        closefd: bool = True, opener: Any = None,
    ) -> Any:  # fmt: skip
        whole = (file, mode, buffering, encoding, errors, newline, closefd, opener)
        if not agent.here() or agent.quiet or not isinstance(mode, str) or buffering not in (-1, 1):
            return original(*whole)
        with agent.aside():
            loc = path_loc(file)
            plain = "".join(sorted(set(mode) - set("bt")))
            text = "b" not in mode
        if loc is None or opener is not None or not closefd or plain not in _MODES:
            return original(*whole)
        if text and encoding is None:
            encoding = io.text_encoding(encoding)
        write = plain[0] in "wx+" and "r" not in plain and "a" not in plain
        name = os.path.basename(loc[1])
        if plain[0] in "wxa+" and plain != "+r":
            _entry(agent, sys._getframe(1), loc, new=True)
        place = agent.announce(
            sys._getframe(1), ACCESS, "open to write" if write else "open", loc, write=write, name=name
        )
        with _told(agent, place, loc):
            raw = SharedFile(file, mode.replace("t", "").replace("b", ""))
        if stat.S_ISREG(_fstat(raw.fileno()).st_mode):
            raw.concurrency = agent, Handle(loc, name, place, "a" in mode, "r" not in mode)
        agent.did(place, loc, None, write, "", opens=True)
        return _layers(raw, mode, encoding, errors, newline, buffering)

    return open_


_MODES = frozenset({"r", "w", "a", "x", "+r", "+w", "+a", "+x"})


def _layers(raw: SharedFile, mode: str, encoding: Any, errors: Any, newline: Any, buffering: int) -> Any:
    """Return the buffered, and the text layer over ``raw``, as :func:`io.open` builds them."""
    try:
        buffered: Any
        if "+" in mode:
            buffered = io.BufferedRandom(raw)
        elif "r" in mode:
            buffered = io.BufferedReader(raw)
        else:
            buffered = io.BufferedWriter(raw)
        if "b" in mode:
            return buffered
        text = io.TextIOWrapper(buffered, encoding, errors, newline, buffering == 1)
        text.mode = mode  # type: ignore[misc]
    except BaseException:
        raw.close()
        raise
    return text


@contextlib.contextmanager
def _told(agent: Agent, place: Place | None, loc: tuple[str, str], action: str = "") -> Iterator[None]:
    """Run an operation that was announced; where it fails, that is what the report shows of it."""
    try:
        with agent.as_one():
            yield
    except OSError as error:
        agent.did(place, loc, None, False, Failed(type(error).__name__), looks=True, row_only=True,
                  action=action)  # fmt: skip
        raise


# -- functions of os


def _entry(agent: Agent, frame: Any, loc: tuple[str, str], new: bool = False) -> None:
    """Announce that an entry of a directory comes, goes or changes its name; ``new``: only if it is not there yet."""
    if not agent.listed:
        return
    with agent.aside():
        if new and os.path.lexists(loc[1]):
            return
    directory = os.path.dirname(loc[1])
    agent.announce(frame, ACCESS, ENTRY, ("file", directory), write=True, name=os.path.basename(directory))


def _listing(agent: Agent, name: str, original: Any) -> Any:
    look = _one_path(False)(agent, name, original)

    def call(path: Any = None) -> Any:
        return original(path) if path is None else look(path)

    return call


def _one_path(write: bool) -> Callable[[Agent, str, Any], Any]:
    def make(agent: Agent, name: str, original: Any) -> Any:
        def call(path: Any, *args: Any, **kwargs: Any) -> Any:
            if not agent.here() or agent.quiet or kwargs.get("dir_fd") is not None:
                return original(path, *args, **kwargs)
            with agent.aside():
                loc = path_loc(path)
            if loc is None:
                return original(path, *args, **kwargs)
            shown = os.path.basename(loc[1])
            if write:
                _entry(agent, sys._getframe(1), loc)
            place = agent.announce(sys._getframe(1), ACCESS, name, loc, write=write, name=shown)
            with _told(agent, place, loc):
                result = original(path, *args, **kwargs)
            agent.did(place, loc, None, write, "", overwrites=False, looks=True)
            return result

        return call

    return make


def _two_paths(agent: Agent, name: str, original: Any) -> Any:
    def call(src: Any, dst: Any, *args: Any, **kwargs: Any) -> Any:
        if not agent.here() or agent.quiet or any(value is not None for value in kwargs.values()):
            return original(src, dst, *args, **kwargs)
        with agent.aside():
            loc = path_loc(dst)
            content = _content(src)
            source = "" if isinstance(src, int) else os.path.abspath(os.fsdecode(src))
        if loc is None:
            return original(src, dst, *args, **kwargs)
        shown = os.path.basename(loc[1])
        _entry(agent, sys._getframe(1), loc)
        if os.path.dirname(source) != os.path.dirname(loc[1]):
            _entry(agent, sys._getframe(1), ("file", source))
        place = agent.announce(sys._getframe(1), ACCESS, WRITE, loc, write=True, name=shown)
        with _told(agent, place, loc, name):
            result = original(src, dst, *args, **kwargs)
        replaces = name in ("rename", "replace") and content is not None
        agent.did(place, loc, None, True, content or b"", overwrites=replaces)
        return result

    return call


def _content(path: Any) -> bytes | None:
    try:
        with _open(path, "rb") as stream:
            return stream.read(_LOOKED_AT)
    except (OSError, ValueError, TypeError):
        return None


def _os_open(agent: Agent, name: str, original: Any) -> Any:
    def call(path: Any, flags: int, *args: Any, **kwargs: Any) -> int:
        if not agent.here() or agent.quiet or kwargs.get("dir_fd") is not None:
            return int(original(path, flags, *args, **kwargs))
        with agent.aside():
            loc = path_loc(path)
        if loc is None:
            return int(original(path, flags, *args, **kwargs))
        write = bool(flags & (os.O_TRUNC | os.O_EXCL))
        name = os.path.basename(loc[1])
        if flags & os.O_CREAT:
            _entry(agent, sys._getframe(1), loc, new=True)
        place = agent.announce(sys._getframe(1), ACCESS, "open", loc, write=write, name=name)
        with _told(agent, place, loc):
            fd = int(original(path, flags, *args, **kwargs))
        known[fd] = Handle(loc, name, place, bool(flags & os.O_APPEND), bool(flags & os.O_TRUNC))
        agent.did(place, loc, None, write, "", opens=True, overwrites=bool(flags & os.O_TRUNC))
        return fd

    known = _descriptors(agent)
    return call


def _descriptors(agent: Agent) -> dict[int, Handle]:
    """Return the table of descriptors that ``os.open`` gave to this worker."""
    table = agent.__dict__.get("descriptors")
    if table is None:
        table = agent.__dict__["descriptors"] = {}
    return table


def _os_transfer(write: bool) -> Callable[[Agent, str, Any], Any]:
    def make(agent: Agent, name: str, original: Any) -> Any:
        known = _descriptors(agent)

        def call(fd: int, what: Any, *rest: Any) -> Any:
            handle = known.get(fd)
            if handle is None or not agent.here() or agent.quiet:
                return original(fd, what, *rest)
            place = agent.announce(sys._getframe(1), ACCESS, WRITE if write else READ, handle.loc, write=write,
                                   name=handle.name)  # fmt: skip
            with agent.as_one():
                result = original(fd, what, *rest)
            opened = handle.opened.key if handle.opened else ""
            span = handle.span(fd, what) if write else None
            agent.did(place, handle.loc, None, write, bytes(what) if write else result, opened=opened,
                      overwrites=not handle.append, span=span)  # fmt: skip
            return result

        return call

    return make


def _os_close(agent: Agent, name: str, original: Any) -> Any:
    known = _descriptors(agent)

    def call(fd: int) -> None:
        if agent.here() and known.pop(fd, None) is not None:
            file_closes(agent, fd)
        original(fd)

    return call


LISTINGS = ("listdir", "scandir")
FUNCTIONS: dict[str, Callable[[Agent, str, Any], Any]] = {
    "open": _os_open,
    "close": _os_close,
    "read": _os_transfer(False),
    "write": _os_transfer(True),
    "stat": _one_path(False),
    "access": _one_path(False),
    **dict.fromkeys(LISTINGS, _listing),
    "remove": _one_path(True),
    "unlink": _one_path(True),
    "mkdir": _one_path(True),
    "rmdir": _one_path(True),
    "truncate": _one_path(True),
    "rename": _two_paths,
    "replace": _two_paths,
    "link": _two_paths,
}
