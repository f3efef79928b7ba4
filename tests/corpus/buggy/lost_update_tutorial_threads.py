"""The tutorial's program with its own two threads."""

import threading

import pytest

EXPECT = {"codes": ["CH101"], "max_schedule": 10}
global_num = 0


def thread_cal():
    global global_num
    for i in range(1000000):
        global_num += 1  # BUG


@pytest.mark.stress_threads(workers=0)
def test_two_threads():
    t1 = threading.Thread(target=thread_cal)
    t2 = threading.Thread(target=thread_cal)
    t1.start()
    t2.start()
    t1.join()
    t2.join()
