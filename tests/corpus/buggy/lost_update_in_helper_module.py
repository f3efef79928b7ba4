"""The unlocked counter is in a helper module; the test only calls it."""

import metrics

EXPECT = {"codes": ["CH101", "CH110"], "max_schedule": 10}


def test_requests_are_counted(thread_runner):
    metrics.reset()
    thread_runner.run(metrics.record_request, workers=2)
    assert metrics.requests() == 2
