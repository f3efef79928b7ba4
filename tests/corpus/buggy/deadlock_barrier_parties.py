"""The barrier expects three parties; only two ever come."""

import threading

EXPECT = {"codes": ["CH104", "CH106"], "max_schedule": None}


def test_phases(thread_runner):
    barrier = threading.Barrier(3)
    log = []

    def phase(name):
        log.append(name)
        barrier.wait()  # BUG

    thread_runner.run(lambda: phase("load"), lambda: phase("parse"))
