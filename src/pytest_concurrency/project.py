"""Which source files are the project's: those below pytest's rootdir, and installed copies of them.

tox, and ``pip install .``, test a copy of the project in ``site-packages``. A file there is the project's own where one
with the same path stands below rootdir, in one of the folders that projects keep their packages in.
"""

from __future__ import annotations

import filecmp
import os
import site
import sysconfig
from collections.abc import Mapping
from functools import cache, lru_cache
from itertools import chain

_ENVIRONMENTS = frozenset({".tox", ".nox", ".venv", "site-packages", "dist-packages"})
_FOLDERS = ("", "src", "lib", "python")
"""Where packages are kept, as seen from rootdir."""


@cache
def site_roots() -> tuple[str, ...]:
    """Return the directories of installed packages, with a separator at the end."""
    found = _paths()
    paths = {found.get("purelib", ""), found.get("platlib", ""), *site.getsitepackages(), site.getusersitepackages()}
    return tuple(sorted(os.path.realpath(path) + os.sep for path in paths if path))


@cache
def _paths() -> dict[str, str]:
    return sysconfig.get_paths()


@cache
def installed_roots() -> tuple[str, ...]:
    """Return the directories of the standard library and of installed packages, with a separator at the end."""
    return tuple(sorted({*site_roots(), *_standard()}))


@cache
def _standard() -> tuple[str, ...]:
    found = _paths()
    paths = {found.get("stdlib", ""), found.get("platstdlib", "")}
    return tuple(os.path.realpath(path) + os.sep for path in paths if path)


@lru_cache(maxsize=4096)
def real(directory: str) -> str:
    """Return where ``directory`` really is, as ``os.path.realpath``; the file system is asked once for each part."""
    parent, name = os.path.split(directory)
    if not name or parent == directory or name in (os.curdir, os.pardir) or not os.path.isabs(directory):
        return os.path.realpath(directory)
    path = os.path.join(real(parent), name)
    return os.path.realpath(path) if os.path.islink(path) else path


def holds(filename: str, root: str) -> bool:
    """Say whether ``filename`` is a source file of the project at ``root``."""
    if not filename or filename.startswith("<"):
        return False
    all_or_none = _holds_all(os.path.dirname(filename), root)
    return original(filename, root) is not None if all_or_none is None else all_or_none


@lru_cache(maxsize=4096)
def _holds_all(directory: str, root: str) -> bool | None:
    """Say whether all source files in ``directory`` are the project's, or none; None: that depends on the file."""
    if _is_below(directory, root):
        return True
    return None if _counterparts(directory, root) else False


def _is_below(directory: str, root: str) -> bool:
    """Say whether ``directory`` is ``root`` or below it, and nothing is installed there."""
    path, home = os.path.join(real(directory), ""), os.path.join(real(root), "")
    if not path.startswith(home):
        return False
    if not _ENVIRONMENTS.isdisjoint(path[len(home) :].split(os.sep)):
        return False
    return not any(path.startswith(each) and not home.startswith(each) for each in installed_roots())


@lru_cache(maxsize=8192)
def original(filename: str, root: str) -> str | None:
    """Return the file of the project at ``root`` that ``filename`` is an installed copy of, or None."""
    directory, name = os.path.split(filename)
    for folder in _counterparts(directory, root):
        found = os.path.join(folder, name)
        if found != os.path.join(real(directory), name) and os.path.isfile(found):
            return found
    return None


@lru_cache(maxsize=4096)
def _counterparts(directory: str, root: str) -> tuple[str, ...]:
    """Return the folders of the project at ``root`` that ``directory``, of installed packages, may be a copy of."""
    path = os.path.join(real(directory), "")
    found: list[str] = []
    for each in site_roots():
        if path.startswith(each):
            below, packages = path[len(each) :], _packages(root)
            every = dict.fromkeys(chain.from_iterable(packages.values()))
            folders = packages.get(below.partition(os.sep)[0], ()) if below else every
            found += (os.path.join(folder, below) for folder in folders)
    return tuple(found)


@lru_cache(maxsize=256)
def root_of(test: str, *directories: str) -> str:
    """Return the directory of the project that the test file ``test`` belongs to: the first of ``directories`` that
    holds it, or else that of the package that it is in, or its own."""
    for directory in directories:
        if holds(test, directory):
            return real(directory)
    directory = os.path.dirname(test)
    while os.path.isfile(os.path.join(os.path.dirname(directory), "__init__.py")):
        directory = os.path.dirname(directory)
    return real(directory)


@lru_cache(maxsize=4096)
def is_standard(filename: str) -> bool:
    """Say whether ``filename`` belongs to the standard library."""
    return filename.startswith("<frozen") or (
        not is_installed(filename) and os.path.join(real(os.path.dirname(filename)), "").startswith(_standard())
    )


@lru_cache(maxsize=4096)
def is_installed(filename: str) -> bool:
    """Say whether ``filename`` lies in a directory of installed packages."""
    directory, name = os.path.split(filename)
    return os.path.join(real(directory), name).startswith(site_roots())


@lru_cache(maxsize=64)
def _packages(root: str) -> Mapping[str, tuple[str, ...]]:
    """Return what packages and modules the project may have, with the folders that hold them."""
    found: dict[str, tuple[str, ...]] = {}
    for folder in (os.path.join(root, each) if each else root for each in _FOLDERS):
        try:
            names = os.listdir(folder)
        except OSError:
            continue
        for name in names:
            found[name] = (*found.get(name, ()), folder)
    return found


@lru_cache(maxsize=4096)
def relative(filename: str, root: str | os.PathLike[str]) -> str:
    """Return ``filename`` for a report on the project at ``root``: relative to that where it lies below it, and as the
    path of its original where it is an unchanged copy of that; as it is elsewhere."""
    home = real(os.fspath(root))
    found = original(filename, home)
    if found is not None and _is_copy(filename, found):
        return os.path.relpath(found, home)
    directory, name = os.path.split(filename)
    path = os.path.join(real(directory), name)
    return os.path.relpath(path, home) if path.startswith(os.path.join(home, "")) else filename


def _is_copy(filename: str, found: str) -> bool:
    try:
        return filecmp.cmp(filename, found, shallow=False)
    except OSError:
        return False
