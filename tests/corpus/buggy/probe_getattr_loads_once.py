"""A proxy loads its object at the first missing attribute: two workers load it twice."""

EXPECT = {"codes": ["CH110", "CH101", "CH102"], "max_schedule": None}


class Row:
    name = "ann"
    age = 40


class Proxy:
    def __init__(self, load):
        self.load = load

    def __getattr__(self, name):
        if "_row" not in self.__dict__:  # BUG
            self._row = self.load()  # BUG
        return getattr(self._row, name)


def test_loaded_once(thread_runner):
    loads = []

    def load():
        loads.append("row")  # BUG
        return Row()

    proxy = Proxy(load)
    assert thread_runner.run(lambda: proxy.name, lambda: proxy.age) == ["ann", 40]
    assert len(loads) == 1
