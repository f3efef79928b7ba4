"""Does running in parallel help? Measures workers alone and together, and says why they take turns.

Independent of pytest: :func:`measure` the bodies, then ask for the :func:`verdict`.
"""

from __future__ import annotations

from .measure import measure
from .model import Measurement
from .verdict import cause, judge

__all__ = ["Measurement", "judge", "judge_cause", "measure"]


def judge_cause(measurement: Measurement) -> tuple[str, str]:
    """Return the verdict and, where the workers take turns, the hazard code that explains it ("" if none does)."""
    kind = judge(measurement)
    return kind, cause(measurement) if kind == "serialised" else ""
