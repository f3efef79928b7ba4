"""Of many workers that have not ended some are named."""

from __future__ import annotations

from typing import Any

from pytest_concurrency.runtime.standstill import whereabouts


class Some:
    """Anything with some attributes."""

    def __init__(self, **attributes: Any) -> None:
        vars(self).update(attributes)


def test_ten_are_named():
    def told(many):
        workers = [Some(path=str(n), done=False, wait=None, external=False, started=False) for n in range(many)]
        run: Any = Some(main=None, current=None, workers=[Some(done=True), *workers])
        return whereabouts(run)

    assert told(2) == "worker 0 has not begun, worker 1 has not begun"
    assert told(10).endswith(", worker 9 has not begun")
    assert told(990).endswith(", worker 9 has not begun, and 980 more")
