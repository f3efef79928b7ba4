"""The counter with a lock: nothing is reported.

A lock inside the loop is held for one addition; the threads take turns. A lock around the loop is right, too, but
then the second thread waits until the first one has done all its work: the threads are of no use.
"""

import threading

import pytest

lock = threading.Lock()
global_num = 0


def count_locked_inside():
    global global_num
    for i in range(1000):
        with lock:
            global_num += 1


def count_locked_around():
    global global_num
    lock.acquire()
    for i in range(100000):
        global_num += 1
    lock.release()


def run_two(target):
    global global_num
    global_num = 0
    threads = [threading.Thread(target=target) for i in range(2)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()


@pytest.mark.stress_threads(workers=0)
def test_lock_inside_the_loop():
    run_two(count_locked_inside)
    assert global_num == 2000


@pytest.mark.stress_threads(workers=0)
def test_lock_around_the_loop():
    run_two(count_locked_around)
    assert global_num == 200000
