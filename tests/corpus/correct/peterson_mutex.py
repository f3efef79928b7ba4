"""Peterson's algorithm: correct where memory is sequentially consistent, as under the GIL."""


def test_peterson(thread_runner):
    interested = [False, False]
    state = {"turn": 0, "count": 0}

    def work(me):
        other = 1 - me
        interested[me] = True
        state["turn"] = other
        while interested[other] and state["turn"] == other:
            pass
        state["count"] += 1
        interested[me] = False

    thread_runner.map(work, [0, 1])
    assert state["count"] == 2
