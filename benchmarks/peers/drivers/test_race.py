"""pytest-race: a program's workers clash in its ``start_race`` again and again, until the time is over."""

import os
import time

from peers.drivers.result import tell
from peers.programs import chosen

PROGRAM = chosen(os.environ["PEERS_PROGRAM"])
SECONDS = float(os.environ["PEERS_SECONDS"])


def test_program(start_race):
    began = time.perf_counter()
    runs = 0
    numbers = [{"number": range(len(PROGRAM.workers))}][0]
    try:
        while time.perf_counter() - began < SECONDS:
            state = PROGRAM.setup()
            runs += 1

            def target(number, state=state):
                PROGRAM.workers[number](state)

            start_race(threads_num=len(PROGRAM.workers), target=target, thread_args=numbers)
            assert PROGRAM.holds(state)
    except BaseException:
        tell(True, runs, time.perf_counter() - began)
        raise
    tell(False, runs, time.perf_counter() - began)
