"""C code that calls itself shows in no frame of Python: it is not taken for a worker that polls."""

from __future__ import annotations

import sys

import pytest

from pytest_concurrency.runtime.posture import native_posture

PROGRAM = """
import pickle, pytest

class Box:
    full = False

class Endless:
    def __reduce__(self):
        return (Endless, (self,)) if not Box.full else (Endless, ())

@pytest.mark.stress_threads(workers=2, schedules=10, max_seconds=100)
def test_it():
    Box.full = False
    with pytest.raises(RecursionError):
        pickle.dumps(Endless())
"""


def test_recursion_in_c_is_no_livelock(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(PROGRAM)
    result = pytester.runpytest_subprocess("-p", "no:randomly", timeout=120)
    result.assert_outcomes(passed=1)
    assert "no hazard" in result.stdout.str()


@pytest.mark.skipif(sys.platform != "linux", reason="the C library tells")
def test_the_native_posture_counts_frames_of_c() -> None:
    depths: list[object] = []
    for _ in range(3):  # the interpreter may adapt at the first
        depths.append(native_posture())
    assert depths[1] == depths[2]
    list(map(lambda _: depths.append(native_posture()), [0]))  # noqa: C417 - the call from C is the point
    if depths[0] != 0:  # the C library has backtrace()
        assert depths[3] != depths[2]
