"""A worker that spins where a run goes by unwatched: what the run was to show is shown, and no site is on."""

from __future__ import annotations

SOURCE = """
    class Counter:
        def __init__(self):
            self.busy, self.n = False, 0

        def add(self):
            while self.busy:  # two may pass: then an update is lost, and whoever comes next spins
                pass
            self.busy = True
            self.n += 1
            self.busy = False

    def test_it(thread_runner):
        counter = Counter()
        thread_runner.run(counter.add, counter.add)
"""


def test_the_run_ends(pytester):
    pytester.makepyfile(test_it=SOURCE)
    result = pytester.runpytest_subprocess("-p", "no:cacheprovider", "-p", "no:randomly", timeout=90)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["CH101 lost update", "*1 test stressed, * schedules: 1 CH101 lost update"])
