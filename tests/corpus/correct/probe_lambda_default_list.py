"""What was seen is a set of which add() is asked for its effect by a length under a lock."""

import threading


def make_filter():
    seen, lock = set(), threading.Lock()

    def is_new(word):
        with lock:
            before = len(seen)
            seen.add(word)
            return len(seen) > before

    return is_new


def test_first_time_only(thread_runner):
    is_new = make_filter()
    assert thread_runner.run(lambda: is_new("x"), lambda: is_new("x")).count(True) == 1
