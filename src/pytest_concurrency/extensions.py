"""What other plugins add through the hooks of :mod:`.newhooks`; where nobody adds anything nothing is done."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from .model import Finding
    from .runtime.execution import Execution
    from .trace.outcome import Outcome

Detector = Callable[["Outcome"], "Iterable[Finding]"]


def implemented(config: pytest.Config, name: str) -> bool:
    """Say whether any plugin implements the hook ``name``."""
    return bool(getattr(config.hook, name).get_hookimpls())


def install(config: pytest.Config, built_in: Iterable[str]) -> None:
    """Make the strategies and hazards of other plugins known for this session; UsageError where a name is taken.

    ``built_in`` are the names of our own strategies.
    """
    hazards_added = implemented(config, "pytest_concurrency_hazards")
    strategies_added = implemented(config, "pytest_concurrency_strategies")
    if not (hazards_added or strategies_added):
        return
    from .hazards import CATALOGUE
    from .state import STATE

    uninstall()
    config.add_cleanup(uninstall)
    if hazards_added:
        for hazards in config.hook.pytest_concurrency_hazards():
            for hazard in hazards:
                if hazard.code in CATALOGUE:
                    raise pytest.UsageError(f"pytest_concurrency_hazards: the code {hazard.code!r} is taken.")
                if hazard.severity not in ("error", "warning"):
                    raise pytest.UsageError(
                        f"pytest_concurrency_hazards: {hazard.code}: severity {hazard.severity!r} is not one of error, "
                        "warning."
                    )
                STATE.extra_hazards[hazard.code] = hazard
    if strategies_added:
        taken = set(built_in)
        for table in config.hook.pytest_concurrency_strategies():
            for name, factory in table.items():
                if name in taken or name in STATE.extra_strategies:
                    raise pytest.UsageError(f"pytest_concurrency_strategies: the name {name!r} is taken.")
                STATE.extra_strategies[name] = factory


def uninstall() -> None:
    """Forget what other plugins have added."""
    from .state import STATE

    STATE.extra_hazards.clear()
    STATE.extra_strategies.clear()


def files_of_strategies() -> frozenset[str]:
    """Return the source files of strategies of other plugins: a strategy must not be instrumented itself."""
    from .state import STATE

    modules = (sys.modules.get(getattr(factory, "__module__", "")) for factory in STATE.extra_strategies.values())
    files = (getattr(module, "__file__", None) for module in modules)
    return frozenset(file for file in files if file)


def detectors(config: pytest.Config) -> tuple[Detector, ...]:
    """Return the detectors of other plugins."""
    if not implemented(config, "pytest_concurrency_detectors"):
        return ()
    return tuple(detector for some in config.hook.pytest_concurrency_detectors() for detector in some)


def announced(item: pytest.Item, once: Callable[[Execution], Outcome]) -> Callable[[Execution], Outcome]:
    """Return ``once`` with the hooks around each schedule, or ``once`` itself where nobody implements them."""
    hook: Any = item.ihook
    started = hook.pytest_concurrency_schedule_started
    finished = hook.pytest_concurrency_schedule_finished
    if not (started.get_hookimpls() or finished.get_hookimpls()):
        return once

    @functools.wraps(once)
    def with_hooks(execution: Execution) -> Outcome:
        started(item=item, number=execution.number, strategy=execution.strategy.name)
        outcome = once(execution)
        finished(item=item, number=execution.number, outcome=outcome)
        return outcome

    return with_hooks


def reviewed(item: pytest.Item, finding: Finding) -> Finding:
    """Return ``finding`` as other plugins want it."""
    hook: Any = item.ihook.pytest_concurrency_hazard
    changed: Finding | None = hook(item=item, finding=finding) if hook.get_hookimpls() else None
    return changed if changed is not None else finding
