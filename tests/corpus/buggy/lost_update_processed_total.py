"""A global is incremented in a function that also does other work."""

import pytest

EXPECT = {"codes": ["CH101"], "max_schedule": 10}
processed = 0
batches = []


def handle(batch):
    global processed
    done = [name.upper() for name in batch]
    batches.append(done)
    processed += len(done)  # BUG
    return done


@pytest.mark.stress_threads(workers=2)
def test_handle():
    assert handle(["x", "y"]) == ["X", "Y"]
