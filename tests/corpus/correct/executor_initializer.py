"""An initializer fills a thread-local for every pool thread."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest


@pytest.mark.stress_threads(workers=0)
def test_initializer():
    local = threading.local()

    def prepare(language):
        local.language = language

    def greet(name):
        return f"{local.language}:{name}"

    with ThreadPoolExecutor(max_workers=2, initializer=prepare, initargs=("en",)) as pool:
        assert list(pool.map(greet, ["ann", "bob"])) == ["en:ann", "en:bob"]
