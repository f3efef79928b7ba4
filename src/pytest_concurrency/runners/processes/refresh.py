"""Setting a test's function-scoped fixtures up afresh between two runs of its body."""

from __future__ import annotations

from contextlib import suppress

import pytest

from ..rewind import note_state, rewind


def has_function_fixtures(item: pytest.Function) -> bool:
    """Return whether the test has fixtures of function scope beside ``request`` (or setup and teardown
    methods).
    """
    table = item._fixtureinfo.name2fixturedefs
    return any(definitions and definitions[-1].scope == "function" for definitions in table.values())


def tear_down(item: pytest.Function) -> None:
    """Tear the test's own fixtures down; those of wider scopes stay."""
    parent = item.parent
    assert parent is not None
    _keep_tmp_path_happy(item)
    # pytest asks for the next item; any node below which everything stays set up will do.
    item.session._setupstate.teardown_exact(parent)  # type: ignore[arg-type]


def _keep_tmp_path_happy(item: pytest.Function) -> None:
    """Leave an empty table of phase results where ``tmp_path`` looks for one: its teardown takes it away
    each time.
    """
    try:
        from _pytest.tmpdir import tmppath_result_key
    except ImportError:
        return
    item.stash.setdefault(tmppath_result_key, {})


def begin(item: pytest.Function, include: tuple[str, ...]) -> None:
    """Note, without its function-scoped fixtures, the state from which every run of the test is to begin."""
    renewed = has_function_fixtures(item)
    if renewed:
        # What a fixture finds amiss when it is torn down is no news before the test has run.
        with suppress(Exception, pytest.fail.Exception):
            tear_down(item)
    note_state(item, include)
    if renewed:
        set_up(item)


def again(item: pytest.Function) -> None:
    """Set the test up afresh for another run, from the state that :func:`begin` noted."""
    tear_down(item)
    rewind(item)
    set_up(item)


def set_up(item: pytest.Function) -> None:
    """Set the test's fixtures up again after :func:`tear_down`; it gets a new instance of its class, too."""
    item._initrequest()
    if item.cls is not None:
        for name in ("_instance", "_obj"):
            item.__dict__.pop(name, None)
    item.session._setupstate.setup(item)


def arguments(item: pytest.Function) -> dict[str, object]:
    """Return the keyword arguments of the test function."""
    return {name: item.funcargs[name] for name in item._fixtureinfo.argnames}
