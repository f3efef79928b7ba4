"""A missing attribute is filled in through ``__dict__``, under a lock."""

import threading


class Lazy:
    _lock = threading.Lock()

    def __getattr__(self, name):
        with self._lock:
            if name not in self.__dict__:
                self.__dict__[name] = [name]
        return self.__dict__[name]


def test_one_list(thread_runner):
    lazy = Lazy()
    first, second, third = thread_runner.run(lambda: lazy.parts, lambda: lazy.parts, lambda: lazy.parts)
    assert first is second is third
