"""Does running in parallel help? Measures workers alone and together, and says why they take turns.

Independent of pytest: :func:`measure` the bodies, then ask for the :func:`verdict`.
"""

from __future__ import annotations

from .advice import notes, row, verdict
from .criterion import cause, judge
from .measure import measure
from .model import Measurement

__all__ = ["Measurement", "cause", "judge", "measure", "notes", "row", "verdict"]
