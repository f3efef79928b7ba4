"""Greenlet tests: a patched worker process runs them and watches what stops every greenlet at once.

pytest's own process is never patched. :mod:`.controller` is the plugin there; :mod:`.bootstrap` starts the worker
process and :mod:`.worker` is the plugin in it. Only this function is imported before the role is known.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest

WORKER_PLUGIN = "concurrency-greenlet-worker"


def create_plugin(config: pytest.Config) -> object:
    """Return the plugin object for this process: the worker's, the controller's, or one that skips with the reason."""
    if config.pluginmanager.has_plugin(WORKER_PLUGIN):
        from .running import InWorker

        return InWorker()
    from .availability import Skipper, unusable_reason

    reason = unusable_reason()
    if reason is not None:
        return Skipper(reason)
    from .controller import Controller

    return Controller(config)


def worded(text: str) -> str:
    """Return a sentence about workers as one about greenlets."""
    text = re.sub(r"\bthis schedule\b", "this order", re.sub(r"\bworker(s?)\b", r"greenlet\1", text))
    return re.sub(r"\bWorker(s?)\b", r"Greenlet\1", text)


def headed(code: str, name: str, text: str) -> str:
    """Return ``text`` with the hazard's code and name in front, where it does not begin with them itself."""
    return text if text.startswith(code) else f"{code} {name}: {text}"
