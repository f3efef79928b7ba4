"""A thread dies of a ValueError that nobody sees; the test goes on."""

import threading

import pytest

EXPECT = {"codes": ["CH108"], "max_schedule": None}


def parse(lines, out):
    for line in lines:
        out.append(int(line))  # BUG


@pytest.mark.stress_threads(workers=0)
@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_parse():
    out = []
    thread = threading.Thread(target=parse, args=(["1", "two"], out))
    thread.start()
    thread.join()
    assert out == [1]
