"""What two pytest-xdist workers give: a deep bug with its exploration split in two, beside the same in one process.

The program is one of SCTBench's; the strategy samples, because by default the bug is found before two workers have
started. The two take turns, one seed after the other; both times are of the whole pytest process.

    python -m benchmarks.shards [--program reorder_50] [--strategy pct] [--seeds 5] [--first-seed 1] [--aim 0.7]
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from .sctbench.registry import ALL, PROGRAMS, Program

BUDGET = ("--concurrency-schedules=100000", "--concurrency-max-seconds=280")
TIMEOUT = 300.0  # seconds


def session(program: Program, strategy: str, seed: int, *workers: str) -> tuple[float, list[str], int]:
    """Return the seconds of one pytest process, the codes of what it reported, and the schedules it ran."""
    with tempfile.TemporaryDirectory(prefix="shards-") as name:
        folder = Path(name)
        (folder / "pytest.ini").write_text("[pytest]\n")
        command = [
            *(sys.executable, "-m", "pytest", "-q", "--tb=no", "-p", "no:cacheprovider"),
            *("-p", "xdist.plugin", "-p", "pytest_concurrency.plugin"),
            *(f"--rootdir={PROGRAMS}", f"--confcutdir={PROGRAMS}", "-c", str(folder / "pytest.ini")),
            *("--concurrency-strategy", strategy, "--concurrency-seed", str(seed), *BUDGET),
            *("--concurrency-report", f"json:{folder / 'report.json'}", *workers, str(PROGRAMS / program.nodeid)),
        ]
        environment = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
        begun = time.perf_counter()
        subprocess.run(command, cwd=PROGRAMS, env=environment, stdout=subprocess.DEVNULL, check=False, timeout=TIMEOUT)
        spent = time.perf_counter() - begun
        (test,) = json.loads((folder / "report.json").read_text())["tests"]
        return spent, sorted({hazard["code"] for hazard in test["hazards"]}), test["schedules"]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.shards", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--program", default="reorder_50")
    parser.add_argument("--strategy", default="pct")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--first-seed", type=int, default=1)
    parser.add_argument("--aim", type=float, default=0.7, help="of the time of one process")
    options = parser.parse_args()
    program = next((one for one in ALL if one.name == options.program), None)
    if program is None:
        parser.error(f"no such program: {options.program}")
    one, two, same = [], [], True
    for seed in range(options.first_seed, options.first_seed + options.seeds):
        alone = session(program, options.strategy, seed, "-n", "0")
        split = session(program, options.strategy, seed, "-n", "2", "--concurrency-shards", "2")
        one.append(alone[0])
        two.append(split[0])
        same = same and alone[1] == split[1] != []
        print(
            f"seed {seed}: -n 0 {alone[0]:.2f} s ({alone[2]} schedules, {', '.join(alone[1]) or 'nothing'}), "
            f"-n 2 {split[0]:.2f} s ({split[2]} schedules, {', '.join(split[1]) or 'nothing'})",
            flush=True,
        )
    ratio = statistics.median(two) / statistics.median(one)
    print(
        f"{options.program} with {options.strategy}: median {statistics.median(one):.2f} s and "
        f"{statistics.median(two):.2f} s, ratio {ratio:.2f}, aim {options.aim:g}; "
        f"{'the same verdicts' if same else 'OTHER VERDICTS'}"
    )
    return 0 if same and ratio <= options.aim else 1


if __name__ == "__main__":
    sys.exit(main())
