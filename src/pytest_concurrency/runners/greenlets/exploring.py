"""The session's side of exploring orders: what is remembered, and when exploring is worth its time."""

from __future__ import annotations

import types
from typing import TYPE_CHECKING

import pytest

from ..afresh import begin_again
from ..base import Plan
from ..errors import without_frames
from ..memory import Memory
from .channel import Channel
from .places import is_machinery
from .repeat import body_of

if TYPE_CHECKING:
    from ...instrument.cache import Cache
    from .orders.explore import Explored, Orders


class Explorations:
    """Explores tests; holds what outlives one: rewritten code, and the database of failing orders."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._cache: Cache | None = None

    def _orders(self, item: pytest.Function, plan: Plan, channel: Channel, slow: bool) -> Orders:
        from ...instrument.cache import Cache
        from .orders.explore import Orders

        if self._cache is None:
            self._cache = Cache()

        def body() -> types.FunctionType:
            begin_again(item, bounded=False)
            return body_of(item, plan)  # type: ignore[return-value]

        return Orders(item, plan.settings, body, lambda runs: channel.send("body", runs), self._cache, slow)

    def explore(
        self, item: pytest.Function, plan: Plan, channel: Channel, error: BaseException | None, seconds: float
    ) -> Explored:
        """Explore the orders of ``item``, which fails with ``error`` when gevent runs it; one run takes ``seconds``."""
        memory = Memory(self._config)
        known = [word for word, _ in memory.of(item)]
        orders = self._orders(item, plan, channel, slow=seconds > plan.settings.max_seconds / 4)
        explored = orders.explore(error, known)
        failed = any(finding.replay and finding.is_error for finding in explored.findings)
        passed = [] if error is not None else explored.tried[:-1] if failed else explored.tried
        memory.note(item, passed, explored.findings)
        return explored

    def replay(self, item: pytest.Function, plan: Plan, channel: Channel) -> Explored:
        """Run the order that the token on the command line stands for."""
        assert plan.settings.replay is not None
        return self._orders(item, plan, channel, slow=False).replay(plan.settings.replay)


def worth_explaining(error: BaseException) -> bool:
    """Say whether ``error`` can depend on the order: the test's own assert, an exception, or a deadlock."""
    import gevent

    if isinstance(error, (KeyboardInterrupt, pytest.skip.Exception, pytest.xfail.Exception, pytest.exit.Exception)):
        return False
    return isinstance(error, (Exception, pytest.fail.Exception, gevent.Timeout))


def without_machinery(error: BaseException) -> BaseException:
    """Return ``error`` with the plugin's own frames taken out of its traceback."""
    return without_frames(error, is_machinery)
