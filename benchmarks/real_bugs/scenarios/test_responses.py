"""responses 0.20.0, change log 0.21.0: two requests look through the registered responses, and both get the first."""

import pytest
import requests
import responses

URL = "http://server.example/"


@pytest.mark.stress_threads(include=("responses",))
def test_each_request_gets_its_response(thread_runner):
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        mock.add(responses.GET, URL, body="first")
        mock.add(responses.GET, URL, body="second")
        bodies = thread_runner.run(lambda: requests.get(URL).text, workers=2)
    assert sorted(bodies) == ["first", "second"]
