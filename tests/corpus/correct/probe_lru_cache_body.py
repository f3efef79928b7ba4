"""The cached function takes a lock around the cache."""

import functools
import threading


def test_connect_once(thread_runner):
    opened = []
    lock = threading.Lock()

    @functools.cache
    def _connect(host):
        opened.append(host)
        return f"connection to {host}"

    def connect(host):
        with lock:
            return _connect(host)

    thread_runner.run(lambda: connect("db"), lambda: connect("db"))
    assert opened == ["db"]
