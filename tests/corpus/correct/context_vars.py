"""Each worker has its own value of a context variable."""

import contextvars

import pytest

request_id = contextvars.ContextVar("request_id", default=None)
visits = []


@pytest.mark.stress_threads(workers=2)
def test_context():
    token = request_id.set(len(visits))
    mine = request_id.get()
    visits.append(mine)
    assert request_id.get() == mine
    request_id.reset(token)
    assert request_id.get() is None
