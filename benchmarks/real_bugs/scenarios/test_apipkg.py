"""apipkg 1.5, pull request 25: a lazy attribute is missing for a moment while another worker sets it."""

import json
import sys

import apipkg
import pytest


@pytest.fixture
def package():
    apipkg.initpkg("lazy_package", {"dumps": "json:dumps"})
    yield sys.modules["lazy_package"]
    del sys.modules["lazy_package"]


@pytest.mark.stress_threads(include=("apipkg",))
def test_lazy_attribute(thread_runner, package):
    assert thread_runner.run(lambda: package.dumps, workers=2) == [json.dumps, json.dumps]
