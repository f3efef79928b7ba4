"""acquire(timeout=...) that may or may not succeed."""

import threading


def test_timeout(thread_runner):
    lock = threading.Lock()
    visits = []

    def visit(name):
        if lock.acquire(timeout=5):
            try:
                visits.append(name)
            finally:
                lock.release()
            return True
        return False

    entered = thread_runner.map(visit, ["ann", "bob"])
    assert len(visits) == entered.count(True)
