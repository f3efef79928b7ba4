"""Expired entries are removed one by one."""


class Sessions:
    def __init__(self):
        self.expires = {"old": 10}

    def purge(self, now):
        for token in [k for k, v in list(self.expires.items()) if v <= now]:
            self.expires.pop(token, None)

    def login(self, token, until):
        self.expires[token] = until


def test_login_survives_purge(thread_runner):
    sessions = Sessions()
    thread_runner.run(lambda: sessions.purge(20), lambda: sessions.login("new", 99))
    assert sessions.expires == {"new": 99}
