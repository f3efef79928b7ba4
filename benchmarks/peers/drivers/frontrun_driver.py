"""frontrun: ``explore`` with its default strategy (dpor) or at random; run under its own command."""

import sys
import time

import frontrun
from peers.drivers.result import tell
from peers.programs import chosen


def main(name, seconds, strategy):
    program = chosen(name)
    options = {"clock": "explored"} if program.timed else {}
    if program.library:
        options["trace_packages"] = [f"{program.library}.*", program.library]
    if strategy == "random":
        options["max_attempts"] = 10_000_000
    if name.startswith("long "):  # the default ends a run after so much
        options |= {"timeout_per_run": seconds, "deadlock_timeout": seconds}
        if strategy == "dpor":
            options["max_branches"] = 100_000_000
    began = time.perf_counter()
    try:
        result = frontrun.explore(
            setup=program.setup,
            workers=list(program.workers),
            invariant=program.holds,
            strategy=strategy,
            total_timeout=seconds,
            reproduce_on_failure=0,
            **options,
        )
    except Exception as error:
        own = type(error).__module__.startswith("frontrun")
        found = None if own else True  # a worker's exception comes out as it is, without its schedule
        tell(found, 0, time.perf_counter() - began, f"raised {type(error).__name__}: {error}"[:300])
        return
    found = None if result.property_holds is None else not result.property_holds
    reason = getattr(result, "inconclusive_reason", None) or ""
    tell(found, result.num_explored, time.perf_counter() - began, str(reason)[:300])


if __name__ == "__main__":
    main(sys.argv[1], float(sys.argv[2]), sys.argv[3])
