"""list.append and list.extend are atomic."""

import pytest


@pytest.fixture
def log():
    return []


@pytest.mark.stress_threads(workers=2)
def test_log(log):
    log.append("start")
    log.extend(["load", "save"])
    assert 3 <= len(log) <= 6
