"""The balance is checked, then money moves: the account is overdrawn."""

EXPECT = {"codes": ["CH110", "CH102", "CH101"], "max_schedule": None}


class Bank:
    def __init__(self, **accounts):
        self.accounts = accounts

    def send(self, source, target, amount):
        if self.accounts[source] >= amount:  # BUG
            self.accounts[source] -= amount  # BUG
            self.accounts[target] += amount


def test_no_overdraft(thread_runner):
    bank = Bank(ann=100, bob=0, cid=0)
    thread_runner.run(lambda: bank.send("ann", "bob", 60), lambda: bank.send("ann", "cid", 60))
    assert bank.accounts["ann"] >= 0
    assert sum(bank.accounts.values()) == 100
