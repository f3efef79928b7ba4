"""vars(obj) gives the same dict: read by one name, written by another."""

EXPECT = {"codes": ["CH110", "CH101"], "max_schedule": None}


class Progress:
    percent = 0

    def __init__(self):
        self.percent = 10

    def advance(self, by):
        now = vars(self)["percent"]  # BUG
        self.percent = now + by  # BUG


def test_progress(thread_runner):
    progress = Progress()
    thread_runner.run(lambda: progress.advance(20), lambda: progress.advance(30))
    assert progress.percent == 60
