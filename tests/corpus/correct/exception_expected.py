"""The exception of a worker is raised by run() and expected by the test."""

import pytest


def test_expected(thread_runner):
    def fail():
        raise LookupError("no such user")

    with pytest.raises(LookupError):
        thread_runner.run(fail, lambda: "fine")
