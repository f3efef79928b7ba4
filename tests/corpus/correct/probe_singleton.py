"""__new__ keeps one instance in a class attribute, guarded."""

import threading


def test_singleton(thread_runner):
    class Registry:
        _instance = None
        _lock = threading.Lock()

        def __new__(cls):
            with cls._lock:
                if cls._instance is None:
                    cls._instance = super().__new__(cls)
            return cls._instance

    def make():
        mine = Registry()
        return mine

    made = thread_runner.run(make, make)
    assert made[0] is made[1]
