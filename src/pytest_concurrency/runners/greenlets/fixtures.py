"""Fixtures of a test that is run again and again."""

from __future__ import annotations

from contextlib import suppress

import pytest
from _pytest.tmpdir import tmppath_result_key

from ..afresh import forget_output, new_instance
from ..rewind import note_state, rewind


def begin(item: pytest.Function) -> None:
    """Note, without its function-scoped fixtures, the state from which every run of ``item`` is to begin."""
    renewed = _is_renewed(item)
    if renewed:
        # What a fixture finds amiss when it is torn down is no news before the test has run.
        with suppress(Exception, pytest.fail.Exception):
            _tear_down(item)
    note_state(item)
    if renewed:
        _set_up(item)


def refresh(item: pytest.Function) -> None:
    """Set the function-scoped fixtures of ``item`` up afresh and forget its output, so that each run begins alike."""
    forget_output(item)
    renewed = _is_renewed(item)
    if renewed:
        _tear_down(item)
    rewind(item)
    if renewed:
        _set_up(item)


def _is_renewed(item: pytest.Function) -> bool:
    definitions = item._fixtureinfo.name2fixturedefs.values()
    scoped = [d for group in definitions for d in group if d.scope == "function" and d.argname != "greenlet_runner"]
    return bool(scoped) or item.cls is not None


def _tear_down(item: pytest.Function) -> None:
    results = item.stash.get(tmppath_result_key, {})  # tmp_path's teardown takes it away and its next one needs it
    # Tearing down to the parent tears down exactly the item.
    try:
        item.session._setupstate.teardown_exact(item.parent)  # type: ignore[arg-type]
    finally:
        item.stash[tmppath_result_key] = results


def _set_up(item: pytest.Function) -> None:
    item._initrequest()
    new_instance(item)
    item.session._setupstate.setup(item)
