"""pytest-run-parallel: each thread of an iteration takes the part of one worker; the last one looks at the outcome.

The number of iterations has to be given beforehand: it is large, and the test leaves when the time is over.
"""

import os
import threading
import time

from peers.drivers.result import tell
from peers.programs import chosen

PROGRAM = chosen(os.environ["PEERS_PROGRAM"])
SECONDS = float(os.environ["PEERS_SECONDS"])
BEGAN = time.perf_counter()
STATES = {}
DONE = {}
LOCK = threading.Lock()
WORKERS = len(PROGRAM.workers)
TOLD = []


def test_program(thread_index, iteration_index):
    if TOLD:
        return
    with LOCK:
        if iteration_index not in STATES:
            if time.perf_counter() - BEGAN > SECONDS:
                TOLD.append(tell(False, iteration_index, time.perf_counter() - BEGAN))
                return
            STATES.clear()
            STATES[iteration_index] = PROGRAM.setup()
            DONE[iteration_index] = []
        state, done = STATES[iteration_index], DONE[iteration_index]
    try:
        PROGRAM.workers[thread_index](state)
    except BaseException:
        _failed(iteration_index)
        raise
    with LOCK:
        done.append(thread_index)
        last = len(done) == WORKERS
    if last and not PROGRAM.holds(state):
        _failed(iteration_index)
        raise AssertionError


def _failed(iteration_index):
    with LOCK:
        if not TOLD:
            TOLD.append(tell(True, iteration_index + 1, time.perf_counter() - BEGAN))
