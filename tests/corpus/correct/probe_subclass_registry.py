"""Classes register themselves and get their number from a counter in C."""

import itertools


def make_base():
    class Message:
        kinds = {}
        numbers = itertools.count()

        def __init_subclass__(cls, **options):
            super().__init_subclass__(**options)
            cls.number = next(cls.numbers)
            cls.kinds[cls.__name__] = cls

    return Message


def test_numbers(thread_runner):
    base = make_base()
    thread_runner.map(lambda name: type(name, (base,), {}), ["Ping", "Pong"])
    assert sorted(kind.number for kind in base.kinds.values()) == [0, 1]
