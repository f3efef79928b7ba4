"""A future's result is set, and the second one's error expected."""

from concurrent.futures import Future, InvalidStateError


def answer(reply, text):
    try:
        reply.set_result(text)
    except InvalidStateError:
        pass


def test_first_answer_counts(thread_runner):
    reply = Future()
    thread_runner.run(lambda: answer(reply, "yes"), lambda: answer(reply, "no"))
    assert reply.result(timeout=1) in ("yes", "no")
