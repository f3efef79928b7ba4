"""A missing attribute is filled in through ``__dict__``, without a lock."""

EXPECT = {"codes": ["CH110"], "max_schedule": 20}


class Lazy:
    def __getattr__(self, name):
        if name not in self.__dict__:
            self.__dict__[name] = [name]  # BUG
        return self.__dict__[name]


def test_one_list(thread_runner):
    lazy = Lazy()
    first, second = thread_runner.run(lambda: lazy.parts, lambda: lazy.parts)
    assert first is second
