"""watchdog 6.0.0, pull request 1338: the last item is read before the queue's mutex is taken."""

import pytest
from watchdog.utils.bricks import SkipRepeatsQueue


@pytest.mark.stress_threads(include=("watchdog",))
def test_repeats_are_skipped(thread_runner):
    queue = SkipRepeatsQueue()
    thread_runner.run(lambda: queue.put("event"), lambda: queue.put("event"))
    assert queue.qsize() == 1
