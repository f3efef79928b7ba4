"""Needs three workers and two preemptions: one inside the opening, one inside the closing."""

EXPECT = {"codes": ["CH110", "CH102"], "max_schedule": 20}


class Ledger:
    def __init__(self):
        self.phase = "closed"
        self.alarm = False

    def open_books(self):
        self.phase = "open"  # BUG
        self.phase = "closed"  # BUG

    def close_books(self):
        if self.phase == "open":  # BUG
            self.phase = "closing"  # BUG
            self.phase = "closed"  # BUG

    def audit(self):
        if self.phase == "closing":  # BUG
            self.alarm = True  # BUG


def test_ledger(thread_runner):
    ledger = Ledger()
    thread_runner.run(ledger.open_books, ledger.close_books, ledger.audit)
    assert not ledger.alarm
