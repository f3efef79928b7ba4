"""The operations that partial order reduction reasons about, and which pairs of them depend on each other."""

from __future__ import annotations

from collections.abc import Hashable
from enum import Enum
from typing import Generic, NamedTuple, TypeVar

W = TypeVar("W", bound=Hashable)


class Kind(Enum):
    """What an operation does, as far as it matters for which orders are possible."""

    ACCESS = "access"
    ACQUIRE = "acquire"
    TRY_ACQUIRE = "try-acquire"
    RELEASE = "release"
    WAIT = "wait"
    REACQUIRE = "reacquire"
    NOTIFY = "notify"
    SIGNAL = "signal"
    AWAIT = "await"
    TRANSFER = "transfer"
    FORK = "fork"
    JOIN = "join"
    PARKED = "parked"


class Op(NamedTuple, Generic[W]):
    """An operation that a worker announces: ``accesses`` are (location, is it changed) pairs.

    A location is any hashable name that is the same in every run with the same beginning, for example a number given in
    the order of first announcement; never an ``id``. ``worker`` is the one started or joined, ``others`` are further
    ones joined by the same operation.
    """

    kind: Kind
    accesses: tuple[tuple[Hashable, bool], ...] = ()
    worker: W | None = None
    others: tuple[W, ...] = ()


def read(location: Hashable) -> Op[W]:
    """A read of a shared location."""
    return Op(Kind.ACCESS, ((location, False),))


def write(location: Hashable) -> Op[W]:
    """A write of a shared location, or a read and write in one step."""
    return Op(Kind.ACCESS, ((location, True),))


def acquire(lock: Hashable) -> Op[W]:
    """A blocking acquire; enabled where the lock is free."""
    return Op(Kind.ACQUIRE, ((lock, True),))


def try_acquire(lock: Hashable) -> Op[W]:
    """A non-blocking acquire, successful or not; always enabled."""
    return Op(Kind.TRY_ACQUIRE, ((lock, True),))


def release(lock: Hashable) -> Op[W]:
    """A release of a held lock, by whichever worker; announce that of a free one as a :func:`write`."""
    return Op(Kind.RELEASE, ((lock, True),))


def wait(condition: Hashable, lock: Hashable) -> Op[W]:
    """``Condition.wait``, first half: release the lock and queue, in one step."""
    return Op(Kind.WAIT, ((condition, True), (lock, True)))


def reacquire(condition: Hashable, lock: Hashable) -> Op[W]:
    """``Condition.wait``, second half; enabled where the worker was notified and the lock is free."""
    return Op(Kind.REACQUIRE, ((condition, False), (lock, True)))


def notify(condition: Hashable) -> Op[W]:
    """``Condition.notify`` or ``notify_all``, while holding the condition's lock."""
    return Op(Kind.NOTIFY, ((condition, True),))


def signal(location: Hashable) -> Op[W]:
    """An operation that never blocks and may let another go on: set an event, release a semaphore, put."""
    return Op(Kind.SIGNAL, ((location, True),))


def await_(location: Hashable, consume: bool = True) -> Op[W]:
    """A blocking operation that a :func:`signal` enables; ``consume``: it changes what others find."""
    return Op(Kind.AWAIT, ((location, consume),))


def transfer(location: Hashable) -> Op[W]:
    """A blocking operation that may also let others go on: put and get of a bounded queue, a barrier."""
    return Op(Kind.TRANSFER, ((location, True),))


def fork(worker: W) -> Op[W]:
    """The start of another worker."""
    return Op(Kind.FORK, (), worker)


def join(worker: W) -> Op[W]:
    """The join of another worker; enabled where it has ended."""
    return Op(Kind.JOIN, (), worker)


def join_all(workers: tuple[W, ...]) -> Op[W]:
    """The join of several workers in one step; enabled where all have ended."""
    return Op(Kind.JOIN, (), None, workers)


def parked() -> Op[W]:
    """The pending operation of a worker that waits and was not notified."""
    return Op(Kind.PARKED)


def dependent(a: Op[W], b: Op[W]) -> bool:
    """Return whether the order of two operations of different workers can matter."""
    for location, changes in a.accesses:
        for other, also in b.accesses:
            if location == other and (changes or also):
                return True
    return False


class Reversible(Enum):
    NO = 0
    PERHAPS = 1
    YES = 2


_TAKES = frozenset({Kind.ACQUIRE, Kind.REACQUIRE})
_GIVES = frozenset({Kind.RELEASE, Kind.WAIT})
_SIGNALS = frozenset({Kind.SIGNAL, Kind.TRANSFER})
_AWAITS = frozenset({Kind.AWAIT, Kind.TRANSFER})


def reversible(first: Op[W], second: Op[W]) -> Reversible:
    """Say whether ``second`` could have come before ``first``, both being dependent.

    PERHAPS: it depends on the state (was the try-acquire successful, was the semaphore above zero); then the race is
    followed, and does not hide an older one.
    """
    a, b = first.kind, second.kind
    if b in _TAKES:
        if a in _GIVES or a is Kind.NOTIFY:
            return Reversible.NO
        if a is Kind.TRY_ACQUIRE:
            return Reversible.PERHAPS
    elif b in _AWAITS and a in _SIGNALS:
        return Reversible.PERHAPS
    return Reversible.YES
