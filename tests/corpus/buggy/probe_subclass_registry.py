"""Classes register themselves when they are made and number themselves by how many there are."""

EXPECT = {"codes": ["CH110", "CH102"], "max_schedule": None}


def make_base():
    class Message:
        kinds = {}

        def __init_subclass__(cls, **options):
            super().__init_subclass__(**options)
            cls.number = len(cls.kinds)  # BUG
            cls.kinds[cls.__name__] = cls  # BUG

    return Message


def test_numbers(thread_runner):
    base = make_base()
    thread_runner.map(lambda name: type(name, (base,), {}), ["Ping", "Pong"])
    assert sorted(kind.number for kind in base.kinds.values()) == [0, 1]
