"""The verdict is a pure function: these measurements were made up, their answers are known."""

from dataclasses import replace

import pytest

from pytest_concurrency.parallelism import criterion as c
from pytest_concurrency.parallelism.model import LockUse, Measurement, Profile, Round, Usage

COMPUTES = Usage(0.020, 0.020, 0.0)
SLEEPS = Usage(0.020, 0.0, 0.0)


def together(*usages, overlap=1.0, scale=1):
    return Round(tuple(usages), max(usage.wall for usage in usages), overlap, scale)


def in_turns(alone, workers, scale=1):
    """Workers of whom the k-th waits for k others."""
    return together(*(Usage(alone.wall * scale * (k + 1), alone.cpu * scale, 0.0) for k in range(workers)), scale=scale)


def side_by_side(alone, workers, delay=0.0):
    return together(*(Usage(alone.wall + delay, alone.cpu, delay) for _ in range(workers)))


def measurement(alone, *rounds, gil=True, lock=None, gil_queue=0.0, samples=50, problem=""):
    locks = (lock,) if lock is not None else ()
    workers = len(rounds[0].usages) if rounds else 2
    return Measurement(
        workers=workers,
        gil=gil,
        alone=(alone,) * workers,
        together=tuple(rounds),
        profile=Profile(samples, gil_queue, locks),
        problem=problem,
    )


def lock(share, depth):
    return LockUse("LOCK", share, depth, ("x.py", 3), ("x.py", 1))


@pytest.mark.parametrize("workers", [2, 4, 10])
@pytest.mark.parametrize("alone", [COMPUTES, SLEEPS])
@pytest.mark.parametrize("scale", [1, 4])
def test_sigma_is_one_for_workers_who_take_turns(workers, alone, scale):
    assert c.sigma((alone,) * workers, in_turns(alone, workers, scale)) == pytest.approx(1.0)
    assert c.concurrency((alone,) * workers, in_turns(alone, workers, scale)) == pytest.approx(1.0)


@pytest.mark.parametrize("workers", [2, 4, 10])
def test_sigma_is_nought_for_workers_who_only_lack_processors(workers):
    seen = side_by_side(COMPUTES, workers, delay=0.100)
    assert c.sigma((COMPUTES,) * workers, seen) == 0.0
    assert c.concurrency((COMPUTES,) * workers, seen) == pytest.approx(workers)


def test_computing_in_turns_at_the_gil_is_ch201():
    found = measurement(COMPUTES, in_turns(COMPUTES, 4), in_turns(COMPUTES, 4), gil_queue=0.9)
    assert (c.judge(found), c.cause(found)) == (c.WASTED, "CH201")


def test_computing_in_turns_without_a_queue_for_the_gil_is_not_blamed_on_it():
    found = measurement(COMPUTES, in_turns(COMPUTES, 4), in_turns(COMPUTES, 4), gil_queue=0.1)
    assert c.cause(found) == ""


def test_the_gil_is_not_blamed_where_it_is_off():
    found = measurement(COMPUTES, in_turns(COMPUTES, 4), in_turns(COMPUTES, 4), gil=False, gil_queue=0.9)
    assert c.cause(found) == ""


def test_a_lock_held_all_the_time_is_ch202_and_comes_before_the_gil():
    found = measurement(COMPUTES, in_turns(COMPUTES, 2), in_turns(COMPUTES, 2), lock=lock(0.95, 0.9), gil_queue=0.9)
    assert (c.judge(found), c.cause(found)) == (c.WASTED, "CH202")


def test_a_busy_lock_with_a_short_queue_is_not_reported():
    seen = together(*(Usage(0.044, 0.0, 0.0) for _ in range(4)))
    found = measurement(SLEEPS, seen, seen, lock=lock(0.95, 0.4))
    assert c.sigma((SLEEPS,) * 4, seen) > c.WASTED_ABOVE
    assert c.judge(found) == c.PARTLY


def test_too_few_samples_explain_nothing():
    found = measurement(SLEEPS, in_turns(SLEEPS, 2), in_turns(SLEEPS, 2), lock=lock(1.0, 1.0), samples=4)
    assert c.cause(found) == ""


def test_workers_side_by_side_are_fine():
    assert c.judge(measurement(SLEEPS, side_by_side(SLEEPS, 10))) == c.FINE


def test_taking_turns_for_no_known_cause_is_believed_on_a_quiet_machine_only():
    quiet = in_turns(SLEEPS, 2)
    busy = together(Usage(0.030, 0.0, 0.010), Usage(0.060, 0.0, 0.010))
    assert c.judge(measurement(SLEEPS, quiet, quiet)) == c.WASTED
    assert c.judge(measurement(SLEEPS, busy, busy)) != c.WASTED


@pytest.mark.parametrize(("idle", "verdict"), [(1.0, c.WASTED), (None, c.WASTED), (0.1, c.UNKNOWN)])
def test_who_waits_for_others_that_compute_on_all_processors_does_not_take_turns(idle, verdict):
    """Workers who wait for child processes have no run delay of their own: that of the children is not theirs."""
    seen = replace(in_turns(SLEEPS, 3), idle=idle)
    assert c.judge(measurement(SLEEPS, seen, seen)) == verdict


def test_nothing_is_said_between_the_thresholds():
    seen = together(Usage(0.020, 0.0, 0.0), Usage(0.030, 0.0, 0.0))
    assert c.sigma((SLEEPS,) * 2, seen) == pytest.approx(0.5)
    assert c.judge(measurement(SLEEPS, seen, seen, seen)) == c.UNKNOWN


def test_a_problem_makes_it_inconclusive():
    assert c.judge(measurement(SLEEPS, in_turns(SLEEPS, 2), problem="no time")) == c.UNKNOWN
    assert c.judge(measurement(SLEEPS)) == c.UNKNOWN


def test_the_run_delay_of_others_is_not_held_against_workers_who_sleep():
    # Each waits 15 ms more than alone, and the other's run delay explains 12 of them.
    seen = together(*(Usage(0.047, 0.0, 0.012) for _ in range(2)))
    found = measurement(SLEEPS, seen, seen, lock=lock(0.3, 0.2))
    assert c.sigma((SLEEPS,) * 2, seen) > c.WASTED_ABOVE
    assert c.judge(found) == c.FINE


def test_one_processor_for_all_shows_little_in_favour_of_computing_workers():
    seen = together(*(Usage(0.043, 0.020, 0.020) for _ in range(2)))
    assert c.sigma((COMPUTES,) * 2, seen) == pytest.approx(0.3)
    assert c.starved(seen)
    assert c.judge(measurement(COMPUTES, seen)) == c.UNKNOWN


class TestWithoutRunDelay:
    """macOS and Windows: the blocked time holds the run delay too, so that sigma can only be too large."""

    alone = Usage(0.020, 0.020, None)

    def seen(self, *walls):
        return together(*(Usage(wall, 0.020, None) for wall in walls))

    def test_fine_is_fine(self):
        assert c.judge(measurement(self.alone, self.seen(0.021, 0.022))) == c.FINE

    def test_in_between_is_inconclusive_even_with_a_cause(self):
        seen = self.seen(0.020, 0.035)
        assert c.judge(measurement(self.alone, seen, seen, gil_queue=0.9)) == c.UNKNOWN

    def test_extreme_needs_a_cause(self):
        seen = self.seen(0.020, 0.040)
        assert c.judge(measurement(self.alone, seen, seen)) == c.UNKNOWN
        assert c.judge(measurement(self.alone, seen, seen, gil_queue=0.9)) == c.WASTED


class TestFreeThreaded:
    def test_spinning_at_a_lock_is_seen_in_the_queue_and_not_in_sigma(self):
        spins = together(*(Usage(0.040, 0.040, 0.0) for _ in range(2)))
        found = measurement(COMPUTES, spins, spins, gil=False, lock=lock(0.95, 0.9))
        assert c.sigma((COMPUTES,) * 2, spins) == 0.0
        assert (c.judge(found), c.cause(found)) == (c.WASTED, "CH202")

    def test_computing_side_by_side_is_fine(self):
        assert c.judge(measurement(COMPUTES, side_by_side(COMPUTES, 4), gil=False)) == c.FINE


def test_rounds_are_enough_when_more_would_not_change_the_verdict():
    alone = (SLEEPS,) * 2
    grey = together(Usage(0.020, 0.0, 0.0), Usage(0.030, 0.0, 0.0))
    fine, wasted = side_by_side(SLEEPS, 2), in_turns(SLEEPS, 2)
    assert c.decided(alone, [fine])
    assert not c.decided(alone, [wasted])
    assert c.decided(alone, [wasted, wasted])
    assert not c.decided(alone, [grey, wasted])
    assert c.decided(alone, [grey, wasted, fine])


def test_a_round_without_overlap_does_not_count():
    assert not c.counts(together(SLEEPS, SLEEPS, overlap=0.4))
    assert c.counts(together(SLEEPS, SLEEPS, overlap=0.6))


@pytest.mark.parametrize("delay", [0.0, 0.200])
def test_threads_that_take_turns_gain_nothing_whatever_else_the_machine_does(delay):
    alone = Usage(0.020 + delay, 0.020, delay)
    seen = together(*(Usage(0.020 * (k + 1) + delay / 4, 0.020, delay / 4) for k in range(4)))
    found = measurement(alone, seen, seen, gil_queue=0.9)
    assert c.judge(found) == c.WASTED
    assert c.gain(found) == pytest.approx(1.0)


def test_the_gain_of_threads_that_do_not_wait_is_that_of_the_clock():
    assert c.gain(measurement(SLEEPS, side_by_side(SLEEPS, 10))) == pytest.approx(10.0)
    assert c.gain(measurement(SLEEPS)) is None


def test_speedup_of_ten_sleepers_is_ten():
    assert c.speedup((SLEEPS,) * 10, side_by_side(SLEEPS, 10)) == pytest.approx(10.0)
