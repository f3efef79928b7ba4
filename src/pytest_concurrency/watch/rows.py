"""What children leave for the test's process: files of rows, one of JSON a line, named by process and kind."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any


def leave(directory: str, kind: str, rows: Iterable[Any]) -> None:
    """Add ``rows`` to those of this ``kind`` that this process has left in ``directory``."""
    with Path(directory, f"{os.getpid()}.{kind}").open("a", encoding="utf-8") as stream:
        stream.write("".join(json.dumps(row) + "\n" for row in rows))


def left_in(path: Path) -> Iterator[Any]:
    """Yield the rows of a file, but one that a child has not finished: it was killed while it wrote."""
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
        with contextlib.suppress(ValueError):
            yield json.loads(line)
