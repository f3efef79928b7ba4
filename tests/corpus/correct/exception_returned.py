"""return_exceptions=True: the exception of a worker is a result."""


def test_division(thread_runner):
    got = thread_runner.run(lambda: 1 / 0, lambda: 6 / 2, return_exceptions=True)
    assert isinstance(got[0], ZeroDivisionError)
    assert got[1] == 3
