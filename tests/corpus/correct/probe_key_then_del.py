"""d.pop(k, None)."""

sessions = {}


def forget(token):
    sessions.pop(token, None)


def test_forget(thread_runner):
    sessions["t1"] = "ann"
    thread_runner.run(lambda: forget("t1"), lambda: forget("t1"))
    assert "t1" not in sessions
