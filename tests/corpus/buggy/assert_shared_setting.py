"""Every worker sets a shared option and expects to read its own value."""

import pytest

EXPECT = {"codes": ["CH110"], "max_schedule": None}


class Settings:
    language = "en"


@pytest.fixture
def names():
    return iter(["de", "fr"])


@pytest.fixture
def settings():
    return Settings()


@pytest.mark.stress_threads(workers=2)
def test_language(settings, names):
    mine = next(names)
    settings.language = mine  # BUG
    assert settings.language == mine  # BUG
