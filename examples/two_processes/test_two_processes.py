"""Two processes at once. Shows CH402, a target that was called instead of passed; passed as it should be: nothing.

``target=work("a")`` runs ``work`` in the parent, one call after the other, and gives the child its result, nothing.
"""

import multiprocessing
import time

import pytest

context = multiprocessing.get_context("fork")


def work(name):
    time.sleep(0.05)
    return None


@pytest.mark.stress_processes(workers=0, repeats=1)
def test_called_in_the_parent():
    processes = [context.Process(target=work(name)) for name in ("a", "b")]
    for process in processes:
        process.start()
    for process in processes:
        process.join()


@pytest.mark.stress_processes(workers=0, repeats=2)
def test_two_at_once():
    processes = [context.Process(target=work, args=(name,)) for name in ("a", "b")]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0, 0]


def test_results_in_order(process_runner):
    assert process_runner.run(lambda: "a", lambda: "b") == ["a", "b"]
