"""The other end of :mod:`.processes`: runs one pickled body on request; started as a fresh interpreter."""

from __future__ import annotations

import os
import pickle
import sys
import time


def main() -> None:
    """Read a pickled (body, repeats) from standard input; answer each line with the seconds of wall clock and of CPU
    time that a run took.

    What the body prints goes nowhere, so that it cannot disturb the answers.
    """
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    body, repeats = pickle.load(sys.stdin.buffer)
    body()
    answers.write("ready\n")
    while sys.stdin.buffer.readline():
        wall, cpu = time.perf_counter(), time.process_time()
        for _ in range(repeats):
            body()
        answers.write(f"{time.perf_counter() - wall} {time.process_time() - cpu}\n")
