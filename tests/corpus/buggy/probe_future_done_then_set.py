"""A future is asked whether it is done, then given its result: the second one raises."""

from concurrent.futures import Future

EXPECT = {"codes": ["CH110", "CH108", "CH102"], "max_schedule": None}


def answer(reply, text):
    if not reply.done():  # BUG
        reply.set_result(text)  # BUG


def test_first_answer_counts(thread_runner):
    reply = Future()
    thread_runner.run(lambda: answer(reply, "yes"), lambda: answer(reply, "no"))
    assert reply.result(timeout=1) in ("yes", "no")
