"""Patching in the worker process at another moment than first."""

from __future__ import annotations


def patch_now() -> None:
    """Patch everything, as ``patch="late"`` asks for: after the test module was imported."""
    from gevent import monkey

    monkey.patch_all()
