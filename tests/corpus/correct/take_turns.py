"""Workers print in turn with a condition and a turn number."""

import threading


def test_turns(thread_runner):
    cond = threading.Condition()
    state = {"turn": 0}
    out = []

    def say(me, words):
        for word in words:
            with cond:
                cond.wait_for(lambda: state["turn"] == me)
                out.append(word)
                state["turn"] = 1 - me
                cond.notify_all()

    thread_runner.run(lambda: say(0, ["tick", "tick"]), lambda: say(1, ["tock", "tock"]))
    assert out == ["tick", "tock", "tick", "tock"]
