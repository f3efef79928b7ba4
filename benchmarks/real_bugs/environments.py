"""A virtual environment for each version of each package, made with uv from PyPI when it is first needed."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SECONDS = 300.0


def uv() -> str:
    """Return the path of the uv command; raise SystemExit with a sentence where there is none."""
    beside = Path(sys.executable).with_name("uv")
    found = shutil.which("uv") or (str(beside) if beside.exists() else None)
    if found is None:
        raise SystemExit("this benchmark needs the uv command: pip install uv")
    return found


def python_of(environment: Path) -> Path:
    """Return the interpreter of a virtual environment."""
    return environment / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def make(folder: Path, python: str, requirements: list[str]) -> Path:
    """Make a virtual environment for ``requirements``, pytest and this plugin in ``folder``; return its interpreter.

    An environment that was finished before is used again. Raise RuntimeError with uv's output where making it fails.
    """
    ready = folder / "ready"
    interpreter = python_of(folder)
    wanted = "\n".join([python, str(ROOT), *requirements])
    if ready.exists() and ready.read_text() == wanted:
        return interpreter
    _run([uv(), "venv", "--quiet", "--clear", "--python", python, str(folder)])
    install = [uv(), "pip", "install", "--quiet", "--python", str(interpreter)]
    _run([*install, "--editable", str(ROOT), "setuptools<80", *requirements])
    ready.write_text(wanted)
    return interpreter


def version_of(python: str) -> tuple[int, int]:
    """Return the major and minor version of an interpreter, given as uv takes it."""
    found = _run([uv(), "python", "find", python]).strip()
    major, minor = _run([found, "-c", "import sys; print(*sys.version_info[:2])"]).split()
    return int(major), int(minor)


def _run(command: list[str]) -> str:
    done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, stdin=subprocess.DEVNULL)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}\n{done.stdout}{done.stderr}")
    return done.stdout


def versions(folder: Path, packages: list[str]) -> list[str]:
    """Return ``name version`` of the installed packages, in order."""
    listed = _run([uv(), "pip", "list", "--format=freeze", "--python", str(python_of(folder))])
    found = dict(line.split("==") for line in listed.splitlines() if "==" in line)
    return [f"{name} {found.get(name, 'missing')}" for name in packages]
