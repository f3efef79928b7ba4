"""Sleeps of different lengths keep their order, and nobody wakes before the time."""

import threading
import time

import pytest


@pytest.mark.stress_threads(workers=0)
def test_in_order():
    woke = []

    def sleeper(seconds):
        began = time.monotonic()
        time.sleep(seconds)
        assert time.monotonic() - began >= seconds
        woke.append(seconds)

    threads = [threading.Thread(target=sleeper, args=(n / 100,)) for n in (3, 1, 2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert woke == [0.01, 0.02, 0.03]


@pytest.mark.stress_threads(workers=0)
def test_waits_that_end_together():
    event = threading.Event()
    times = []

    def waiter(seconds):
        began = time.monotonic()
        assert not event.wait(seconds)
        times.append(time.monotonic() - began >= seconds)

    threads = [threading.Thread(target=waiter, args=(0.1 + n / 10_000,)) for n in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert times == [True] * 3
