"""Fixtures of a test that is run again and again."""

from __future__ import annotations

import pytest
from _pytest.tmpdir import tmppath_result_key

from ..afresh import forget_output, new_instance


def refresh(item: pytest.Function) -> None:
    """Set the function-scoped fixtures of ``item`` up afresh and forget its output, so that each run begins alike."""
    forget_output(item)
    definitions = item._fixtureinfo.name2fixturedefs.values()
    scoped = [d for group in definitions for d in group if d.scope == "function" and d.argname != "greenlet_runner"]
    if not scoped and item.cls is None:
        return
    state = item.session._setupstate
    results = item.stash.get(tmppath_result_key, {})  # tmp_path's teardown takes it away and its next one needs it
    # Tearing down to the parent tears down exactly the item.
    state.teardown_exact(item.parent)  # type: ignore[arg-type]
    item.stash[tmppath_result_key] = results
    item._initrequest()
    new_instance(item)
    state.setup(item)
