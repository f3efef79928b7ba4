"""collections.Counter is not a thread-safe counter."""

from collections import Counter

import pytest

EXPECT = {"codes": ["CH101", "CH110"], "max_schedule": 10}


@pytest.mark.stress_threads(workers=0)
def test_letters():
    import threading

    letters = Counter()

    def count(word):
        for letter in word:
            letters[letter] += 1  # BUG

    threads = [threading.Thread(target=count, args=(word,)) for word in ("ab", "ba")]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert letters["a"] == 2 and letters["b"] == 2
