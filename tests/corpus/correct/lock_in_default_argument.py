"""The lock and the state are default arguments."""

import threading


def next_number(state={"last": 0}, lock=threading.Lock()):
    with lock:
        state["last"] += 1
        return state["last"]


def test_numbers(thread_runner):
    got = thread_runner.run(next_number, next_number, next_number)
    assert len(set(got)) == 3
