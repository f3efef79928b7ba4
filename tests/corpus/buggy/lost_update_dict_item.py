"""Counting words into one shared dict."""

import pytest

EXPECT = {"codes": ["CH101"], "max_schedule": 10}
TEXT = "the cat and the dog and the bird"


@pytest.fixture
def counts():
    return dict.fromkeys(TEXT.split(), 0)


@pytest.mark.stress_threads
def test_count_words(counts):
    for word in TEXT.split():
        counts[word] += 1  # BUG
