"""opentelemetry-sdk 1.39.0, issue 4892: an instrument counts as registered before it can be looked up."""

import pytest
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.resources import Resource


@pytest.mark.stress_threads(include=("opentelemetry",))
def test_one_instrument_for_one_name(thread_runner):
    meter = MeterProvider(resource=Resource.get_empty(), shutdown_on_exit=False).get_meter("scenario")
    first, second = thread_runner.run(lambda: meter.create_counter("requests"), workers=2)
    assert first is second
