"""Lazy initialisation that may run twice and gives the same value."""


class Rules:
    _compiled = None

    def compiled(self):
        if self._compiled is None:
            self._compiled = tuple(n * n for n in range(3))
        return self._compiled


def test_rules(thread_runner):
    rules = Rules()
    assert thread_runner.run(rules.compiled, rules.compiled) == [(0, 1, 4)] * 2
