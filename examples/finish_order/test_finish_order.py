"""Threads finish in no fixed order. Shows CH110: a test that takes the order of starting for the order of ending.

Where the order matters, ask for the results in the order of the tasks, as ``Executor.map`` gives them.
"""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest


@pytest.mark.stress_threads(workers=0)
def test_first_started_ends_first():
    finished = []
    threads = [threading.Thread(target=finished.append, args=(name,)) for name in ("first", "second", "third")]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert finished == ["first", "second", "third"]


@pytest.mark.stress_threads(workers=0)
def test_results_in_the_order_of_the_tasks():
    with ThreadPoolExecutor(max_workers=3) as executor:
        finished = list(executor.map(str.title, ["first", "second", "third"]))
    assert finished == ["First", "Second", "Third"]
