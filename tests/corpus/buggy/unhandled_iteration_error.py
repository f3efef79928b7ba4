"""A reporting thread iterates a dict that another thread grows: it dies in some orders."""

import threading

import pytest

EXPECT = {"codes": ["CH108", "CH110"], "max_schedule": None}


@pytest.mark.stress_threads(workers=0)
@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_report():
    sales = {"tea": 1, "milk": 2}
    lines = []

    def report():
        for name, amount in sales.items():  # BUG
            lines.append(f"{name}: {amount}")

    def sell():
        sales["rice"] = 3  # BUG

    threads = [threading.Thread(target=report), threading.Thread(target=sell)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
