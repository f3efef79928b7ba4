"""What kind of Python this is."""

from __future__ import annotations

import sys
import sysconfig

FREE_THREADED = bool(sysconfig.get_config_var("Py_GIL_DISABLED"))
"""Whether this is a free-threaded build (PEP 703), whatever its GIL does."""


def gil_enabled() -> bool:
    """Say whether this interpreter runs one thread at a time now."""
    return bool(getattr(sys, "_is_gil_enabled", lambda: True)())
