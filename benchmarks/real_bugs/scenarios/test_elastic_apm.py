"""elastic-apm 5.5.2, issue 717: the counters are iterated without the lock under which they are added."""

import pytest
from elasticapm.metrics.base_metrics import MetricsSet


class Registry:
    _ignore_patterns = ignore_patterns = ()


@pytest.mark.stress_threads(include=("elasticapm",))
def test_collect_while_counters_come(thread_runner):
    metrics = MetricsSet(Registry())
    metrics.counter("first").inc()
    metrics.counter("second").inc()
    thread_runner.run(lambda: list(metrics.collect()), lambda: metrics.counter("third").inc())
