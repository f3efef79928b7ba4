"""What a session with ``--stress-threads`` keeps: the rules, the budget, and the judgement of what was found."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import pytest

from ...explore.model import Exploration
from ...explore.pipeline import Explorer
from ...hazards import RAISED
from ...settings import Settings
from ...trace.errors import in_a_line
from ..base import PLAN, Plan, root_of
from .blame import OwnDoing, TestCode
from .boundaries import Trial, is_tests_own
from .budget import Budget
from .rules import rules_of
from .scan import Scanner


@dataclass(frozen=True, slots=True)
class OneWorker:
    """Why a test runs on one worker: ``short`` to group tests by, ``note`` as a sentence."""

    short: str
    note: str


class WholeSuite:
    """One for a session; see the package."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._scanner: Scanner | None = None
        self._budget: Budget | None = None

    def one_worker(self, item: pytest.Function, plan: Plan) -> OneWorker | None:
        """Return why ``item`` is not to be stressed, or None."""
        if self._scanner is None:
            self._scanner = Scanner(rules_of(self._config), root_of(item))
        reason = self._scanner.reason(item)
        if reason:
            return OneWorker(reason, f"run on one worker: it uses {reason}, which is not made for threads")
        budget = self._of_session(item.session)
        if not budget.share(plan.settings.max_seconds):
            short = f"the budget of {budget.seconds:g} s was used up"
            return OneWorker(short, f"run on one worker: {short}; raise --concurrency-max-seconds")
        return None

    def settings(self, item: pytest.Function, plan: Plan) -> Settings:
        """Return the settings with this test's share of the budget."""
        return replace(plan.settings, max_seconds=self._of_session(item.session).share(plan.settings.max_seconds))

    def used(self, item: pytest.Function, seconds: float) -> None:
        """Take the seconds that ``item`` took off the budget."""
        self._of_session(item.session).used(seconds)

    def dismissals(self, item: pytest.Function, plan: Plan) -> OwnDoing:
        """Return what dismisses the findings of ``item`` that are its own doing."""
        return OwnDoing(TestCode(item, root_of(item), plan.settings.include), plan.settings.ignore_in)

    def judge(self, explorer: Explorer, exploration: Exploration, own: OwnDoing, seed: int) -> None:
        """Take failures out of ``exploration`` that no code under test is to blame for."""
        for found in list(exploration.found):
            if found.failure.code not in RAISED or found.free:
                continue
            if is_tests_own(found, Trial(explorer.again, own.code.is_own_frame, seed)):
                exploration.found.remove(found)
                exploration.suspected.clear()
                own.add(f"the steps of its body are undone by another worker's ({found.failure.message.rstrip('.')})")

    def _of_session(self, session: pytest.Session) -> Budget:
        if self._budget is None:
            tests = sum(_is_stressed(item) for item in session.items)
            processes: Any = getattr(self._config, "workerinput", {}).get("workercount", 1)
            given = self._config.option.concurrency_max_seconds
            self._budget = Budget(max(1, tests // int(processes)), None if given is None else float(given))
        return self._budget


def _is_stressed(item: pytest.Item) -> bool:
    plan = item.stash.get(PLAN, None)
    return plan is not None and plan.implicit and not plan.one_worker


def too_slow(stopped: str) -> OneWorker:
    """Return the reason of a test whose run on several workers did not end in time."""
    return OneWorker("one run takes longer than the time-out", f"run on one worker: {stopped}")


def not_passed(error: BaseException, first_passed: bool) -> OneWorker:
    """Return the reason of a test that does not pass N times one after the other, or even once."""
    if not first_passed:
        return OneWorker("not passed at all", f"run on one worker: it does not pass even there ({in_a_line(error)})")
    return OneWorker(
        "not passed when run several times in the same process",
        f"run on one worker: it does not pass when it is run several times in the same process ({in_a_line(error)})",
    )
