"""The threads that carry workers, told from those of the program by their type, whatever they are called."""

from __future__ import annotations

import threading


class CarrierThread(threading.Thread):
    """A daemon thread of ours on which workers run."""
