"""`if k in d: del d[k]` when a session expires and logs out at once."""

EXPECT = {"codes": ["CH110", "CH102"], "max_schedule": None}
sessions = {}


def forget(token):
    if token in sessions:  # BUG
        del sessions[token]  # BUG


def test_forget(thread_runner):
    sessions["t1"] = "ann"
    thread_runner.run(lambda: forget("t1"), lambda: forget("t1"))
    assert "t1" not in sessions
