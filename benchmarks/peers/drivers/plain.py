"""Plain threads at a switch interval of one microsecond, again and again."""

import functools
import os
import sys
import threading
import time

from peers.drivers.result import tell
from peers.programs import chosen

HUNG = 1.0  # seconds after which threads that do nothing but wait count as hanging


def main(name, seconds, once=False):
    program = chosen(name)
    sys.setswitchinterval(1e-6)
    raised = []
    threading.excepthook = lambda args: raised.append(args.exc_value)
    began = time.perf_counter()
    runs = 0
    while not (once and runs) and time.perf_counter() - began < seconds:
        state = program.setup()
        runs += 1
        threads = [threading.Thread(target=functools.partial(w, state), daemon=True) for w in program.workers]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(HUNG if not name.startswith("long ") else None)
        if raised or any(thread.is_alive() for thread in threads) or not program.holds(state):
            tell(True, runs, time.perf_counter() - began)
            os._exit(0)
    tell(False, runs, time.perf_counter() - began)
    os._exit(0)


if __name__ == "__main__":
    main(sys.argv[1], float(sys.argv[2]))
