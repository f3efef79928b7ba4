"""AB/BA on two module-level locks."""

import threading

EXPECT = {"codes": ["CH104"], "max_schedule": None}
accounts_lock = threading.Lock()
audit_lock = threading.Lock()


def pay():
    with accounts_lock:
        with audit_lock:  # BUG
            return "paid"


def audit():
    with audit_lock:
        with accounts_lock:  # BUG
            return "audited"


def test_pay_and_audit(thread_runner):
    assert thread_runner.run(pay, audit) == ["paid", "audited"]
