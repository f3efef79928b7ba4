"""Replaced attributes come back, wherever they were found."""

from __future__ import annotations

import types

from pytest_concurrency.runners.processes.controlled.patches import Patches


class Base:
    def inherited(self) -> str:
        return "base"


class Derived(Base):
    @staticmethod
    def own() -> str:
        return "own"


def test_own_and_inherited_attributes_come_back() -> None:
    before = dict(vars(Derived))
    patches = Patches()
    patches.set(Derived, "inherited", lambda self: "replaced")
    patches.set(Derived, "own", staticmethod(lambda: "once"))
    patches.set(Derived, "own", staticmethod(lambda: "twice"))
    assert (Derived().inherited(), Derived.own()) == ("replaced", "twice")
    patches.undo()
    assert dict(vars(Derived)) == before
    assert (Derived().inherited(), Derived.own()) == ("base", "own")


def test_a_name_that_was_bound_meanwhile_gets_the_original() -> None:
    library = types.ModuleType("library")
    library.replace = original = lambda: None  # type: ignore[attr-defined]
    patches = Patches()
    patches.set(library, "replace", lambda: None)
    late = {"replace": library.replace, "other": 1}
    patches.undo()
    patches.let_go(late)
    assert late == {"replace": original, "other": 1}
    assert library.replace is original
