"""functools.lru_cache does not stop two workers from running the body at once."""

import functools

EXPECT = {"codes": ["CH110", "CH102", "CH101"], "max_schedule": None}


def test_connect_once(thread_runner):
    opened = []

    @functools.cache
    def connect(host):  # BUG
        opened.append(host)  # BUG
        return f"connection to {host}"

    thread_runner.run(lambda: connect("db"), lambda: connect("db"))  # BUG
    assert opened == ["db"]
