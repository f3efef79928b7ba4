"""The JSON report, schema version 1: a public contract."""

from __future__ import annotations

import json
import platform
from collections.abc import Sequence
from typing import Any

import pytest

from ..files import write_atomically
from ..interpreter import gil_enabled

SCHEMA_VERSION = 1


def write(results: Sequence[dict[str, Any]], path: str | None, config: pytest.Config) -> None:
    """Write the report to ``path``, or to standard output where it is None."""
    document = {
        "version": SCHEMA_VERSION,
        "python": platform.python_version(),
        "gil": bool(gil_enabled()),
        "tests": list(results),
    }
    text = json.dumps(document, indent=2) + "\n"
    if path is None:
        print(text, end="")
    else:
        write_atomically(path, text)
