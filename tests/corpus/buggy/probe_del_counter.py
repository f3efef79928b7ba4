"""__init__ and __del__ keep a count of live sessions without a lock."""

EXPECT = {"codes": ["CH110", "CH101"], "max_schedule": None}


def test_live_sessions(thread_runner):
    live = {"sessions": 0}

    class Session:
        def __init__(self):
            live["sessions"] += 1  # BUG

        def __del__(self):
            live["sessions"] -= 1  # BUG

    old, new = [Session()], []

    def log_in():
        new.append(Session())

    def log_out():
        old.clear()

    thread_runner.run(log_in, log_out)
    assert live["sessions"] == len(new) == 1
    new.clear()
    assert live["sessions"] == 0
