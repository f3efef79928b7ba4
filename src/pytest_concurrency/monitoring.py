"""Numbers of tools for :mod:`sys.monitoring` (PEP 669, Python 3.12)."""

from __future__ import annotations

import sys

_NUMBERS = (4, 3, 5, 2)
"""First those that no kind of tool has been given, then the optimizer's and the profiler's; never the debugger's (0) or
that of coverage (1)."""


def free_tool() -> int | None:
    """Return a number that nobody uses now, or None: there is none, or Python has no such module yet."""
    if sys.version_info < (3, 12):
        return None
    return next((number for number in _NUMBERS if sys.monitoring.get_tool(number) is None), None)
