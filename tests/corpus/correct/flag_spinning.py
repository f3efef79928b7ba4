"""A busy loop on a flag that the other worker certainly sets."""


def test_spin(thread_runner):
    state = {"ready": False, "value": None}

    def publish():
        state["value"] = 7
        state["ready"] = True

    def spin():
        while not state["ready"]:
            pass
        return state["value"]

    assert thread_runner.run(spin, publish)[0] == 7
