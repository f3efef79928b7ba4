"""Two workers that both find no session make one each; the table that counts them is touched once in serial order."""

import pytest

EXPECT = {"codes": ["CH110", "CH101"], "max_schedule": 40}


class Client:
    def __init__(self):
        self.session = None
        self.opened = []
        self.limit = 1

    def connect(self):
        if self.session is None:  # BUG
            if len(self.opened) >= self.limit:  # BUG
                raise RuntimeError("too many sessions")
            self.opened.append(object())  # BUG
            self.session = self.opened[-1]  # BUG
        return self.session


@pytest.fixture
def client():
    return Client()


def test_one_session(thread_runner, client):
    first, second = thread_runner.run(client.connect, workers=2)
    assert first is second
