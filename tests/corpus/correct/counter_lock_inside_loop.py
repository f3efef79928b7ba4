"""The tutorial's program with the lock inside the loop, 1,000 iterations, own threads."""

import threading

import pytest

global_num = 0
lock = threading.Lock()


def thread_cal():
    global global_num
    for i in range(1000):
        with lock:
            global_num += 1


@pytest.mark.stress_threads(workers=0)
def test_two_threads():
    before = global_num
    t1 = threading.Thread(target=thread_cal)
    t2 = threading.Thread(target=thread_cal)
    t1.start()
    t2.start()
    t1.join()
    t2.join()
    assert global_num == before + 2000
