"""Ten threads that sleep for one second take one second; one after the other they take ten. Nothing is reported.

In a controlled run time is virtual: a sleep costs nothing, and ``time.monotonic`` agrees with it. Both tests run
many schedules in less time than one real run would take.
"""

import threading
import time

import pytest


def sleep_one_second():
    time.sleep(1)


@pytest.mark.stress_threads(workers=0, schedules=50)
def test_all_at_once():
    begin = time.monotonic()
    threads = [threading.Thread(target=sleep_one_second) for i in range(10)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert time.monotonic() - begin == pytest.approx(1, abs=0.5)


@pytest.mark.stress_threads(workers=0, schedules=50)
def test_one_after_the_other():
    begin = time.monotonic()
    for i in range(10):
        t = threading.Thread(target=sleep_one_second)
        t.start()
        t.join()
    assert time.monotonic() - begin == pytest.approx(10, abs=0.5)
