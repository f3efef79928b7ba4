"""__new__ keeps one instance in a class attribute, unguarded."""

EXPECT = {"codes": ["CH110", "CH102"], "max_schedule": None}


def test_singleton(thread_runner):
    class Registry:
        _instance = None

        def __new__(cls):
            if cls._instance is None:  # BUG
                cls._instance = super().__new__(cls)  # BUG
            return cls._instance  # BUG

    def make():
        mine = Registry()
        return mine

    made = thread_runner.run(make, make)
    assert made[0] is made[1] is Registry._instance
