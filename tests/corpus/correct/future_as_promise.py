"""One worker sets a Future's result, the others wait for it."""

from concurrent.futures import Future


def test_promise(thread_runner):
    answer = Future()
    got = thread_runner.run(answer.result, answer.result, lambda: answer.set_result(42))
    assert got == [42, 42, None]
