"""Readers use get, writers replace single items: all atomic."""


class Rates:
    def __init__(self):
        self.table = {"eur": 1.0}

    def get(self, currency):
        return self.table.get(currency)

    def set(self, currency, rate):
        self.table[currency] = rate


def test_rates(thread_runner):
    rates = Rates()
    old, _, new = thread_runner.run(lambda: rates.get("eur"), lambda: rates.set("eur", 1.1), lambda: rates.get("usd"))
    assert old in (1.0, 1.1)
    assert new is None
