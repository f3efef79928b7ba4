"""__init__ and __del__ keep a count of live sessions without a lock."""

EXPECT = {"codes": ["CH110", "CH101"], "max_schedule": None}


def test_live_sessions(thread_runner):
    live = {"sessions": 0}

    class Session:
        def __init__(self):
            live["sessions"] += 1  # BUG

        def __del__(self):
            live["sessions"] -= 1  # BUG

    def visit():
        session = Session()
        del session

    thread_runner.run(visit, visit)
    assert live["sessions"] == 0
