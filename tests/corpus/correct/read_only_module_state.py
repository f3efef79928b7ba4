"""State made at import time is only read."""

import pytest

SETTINGS = {"debug": False, "retries": 3}
HANDLERS = [str.upper, str.lower]


@pytest.mark.stress_threads(workers=3)
def test_read_only():
    assert SETTINGS["retries"] == 3
    assert [handler("Ab") for handler in HANDLERS] == ["AB", "ab"]
    assert "debug" in SETTINGS and len(SETTINGS) == 2
