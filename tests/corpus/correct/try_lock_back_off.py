"""Two locks in opposite orders, the second one tried and the first one given back."""

import threading
import time


def take_both(first, second, pause, log, name):
    while True:
        with first:
            if second.acquire(blocking=False):
                try:
                    log.append(name)
                    return
                finally:
                    second.release()
        time.sleep(pause)


def test_back_off(thread_runner):
    red, blue, log = threading.Lock(), threading.Lock(), []
    thread_runner.run(
        lambda: take_both(red, blue, 0.001, log, "ann"),
        lambda: take_both(blue, red, 0.0017, log, "bob"),
    )
    assert sorted(log) == ["ann", "bob"]
