"""Processes do not share globals. Warns of CH401: the child counts in a copy, and the parent reads its own.

A child process begins with a copy of the parent's memory, or with none. What it writes to a global stays there.
"""

import multiprocessing

import pytest

global_num = 0
context = multiprocessing.get_context("fork")


def process_cal():
    global global_num
    for i in range(1000):
        global_num += 1


@pytest.mark.stress_processes(workers=0, repeats=1)  # 0: the test starts its processes itself
def test_a_child_counts():
    child = context.Process(target=process_cal)
    child.start()
    child.join()
    assert global_num == 0  # the child's 1000 are lost


def count(shared):
    for i in range(1000):
        with shared.get_lock():
            shared.value += 1


@pytest.mark.stress_processes(workers=0, repeats=1)
def test_a_shared_value():
    shared = context.Value("i", 0)
    child = context.Process(target=count, args=(shared,))
    child.start()
    child.join()
    assert shared.value == 1000
