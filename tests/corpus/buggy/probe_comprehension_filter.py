"""Expired entries are filtered into a new dict: a login in between is lost."""

EXPECT = {"codes": ["CH110", "CH101", "CH102"], "max_schedule": None}


class Sessions:
    def __init__(self):
        self.expires = {"old": 10}

    def purge(self, now):
        self.expires = {k: v for k, v in self.expires.items() if v > now}  # BUG

    def login(self, token, until):
        self.expires[token] = until  # BUG


def test_login_survives_purge(thread_runner):
    sessions = Sessions()
    thread_runner.run(lambda: sessions.purge(20), lambda: sessions.login("new", 99))
    assert sessions.expires == {"new": 99}
