"""Who holds a lock, from what was taken and given back."""

from __future__ import annotations

import pytest

gevent = pytest.importorskip("gevent")

from pytest_concurrency.runners.greenlets.held import Held  # noqa: E402


def test_who_takes_a_lock_holds_it_until_it_gives_it_back():
    from gevent.lock import RLock, Semaphore

    held, lock, reentrant = Held(), Semaphore(), RLock()
    held.taken(lock, "0.0", "a.py", 3)
    holding = held.of(lock)
    assert holding is not None and (holding.worker, holding.path, holding.line) == ("0.0", "a.py", 3)
    held.given_back(lock, "0.0")
    assert held.of(lock) is None
    held.taken(reentrant, "0.1", "a.py", 4)
    held.taken(reentrant, "0.1", "a.py", 5)
    held.given_back(reentrant, "0.1")
    assert held.of(reentrant).line == 4
    held.given_back(reentrant, "0.1")
    assert held.of(reentrant) is None


def test_a_semaphore_that_signals_or_counts_is_held_by_nobody():
    from gevent.lock import Semaphore

    held, signal, counter = Held(), Semaphore(0), Semaphore(2)
    held.given_back(signal, "0.0")
    held.taken(signal, "0.1", "a.py", 3)
    assert held.of(signal) is None
    held.taken(counter, "0.0", "a.py", 4)
    held.taken(counter, "0.1", "a.py", 4)
    assert held.of(counter) is None
    held.given_back(counter, "0.0")
    held.taken(counter, "0.0", "a.py", 4)
    assert held.of(counter) is None
