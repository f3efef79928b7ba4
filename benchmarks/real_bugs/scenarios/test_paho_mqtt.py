"""paho-mqtt 1.3.1, issue 236: two messages get one id."""

import pytest
from paho.mqtt.client import Client


@pytest.mark.stress_threads(include=("paho",))
def test_ids_differ(thread_runner):
    client = Client()
    first, second = thread_runner.run(client._mid_generate, workers=2)
    assert first != second
