"""What the plugin costs a session that does not use it: 2,000 trivial tests with it and without it, side by side.

Pairs of runs in alternating order; the figure is the median of the ratios of a pair, with its quartiles, so that what
else the machine does weighs on both alike. Processor time of the process, which is what the plugin can add.

    python benchmarks/overhead.py [--pairs 15] [--tests 2000] [--aim 1.01]
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

FILES = 20


def seconds(folder: Path, *args: str) -> float:
    """Return the processor time of one pytest run."""
    before = os.times()
    subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:randomly", "-p", "no:xdist", *args],
        cwd=folder, stdout=subprocess.DEVNULL, check=True, timeout=300,
    )  # fmt: skip
    after = os.times()
    return (after.children_user + after.children_system) - (before.children_user + before.children_system)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pairs", type=int, default=15)
    parser.add_argument("--tests", type=int, default=2000)
    parser.add_argument("--aim", type=float, default=1.01)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        folder = Path(directory)
        (folder / "pytest.ini").write_text("[pytest]\n")
        each = arguments.tests // FILES
        for number in range(FILES):
            tests = "".join(f"def test_{n}():\n    assert {n} >= 0\n" for n in range(each))
            (folder / f"test_{number}.py").write_text(tests)
        seconds(folder)  # the first run compiles
        ratios, base = [], []
        for pair in range(arguments.pairs):
            order = [(), ("-p", "no:concurrency")]
            times = {args: seconds(folder, *args) for args in (order if pair % 2 else order[::-1])}
            ratios.append(times[()] / times[order[1]])
            base.append(times[order[1]])
        low, middle, high = statistics.quantiles(ratios, n=4)
        print(
            f"{arguments.tests} tests, {arguments.pairs} pairs: without {statistics.median(base):.2f} s, ratio "
            f"{middle:.4f} (quartiles {low:.4f} to {high:.4f}), aim {arguments.aim}"
        )
        return 0 if middle <= arguments.aim else 1


if __name__ == "__main__":
    sys.exit(main())
