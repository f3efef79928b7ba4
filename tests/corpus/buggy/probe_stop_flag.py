"""stop() may come between the check of the flag and the work: work is done after stop() returned."""

EXPECT = {"codes": ["CH110", "CH102", "CH103"], "max_schedule": None}


class Worker:
    def __init__(self):
        self.stopped = False
        self.log = []

    def handle(self, job):
        if not self.stopped:  # BUG
            self.log.append(job)  # BUG

    def stop(self):
        self.stopped = True  # BUG
        self.log.append("stopped")  # BUG


def test_nothing_after_stop(thread_runner):
    worker = Worker()
    thread_runner.run(lambda: worker.handle("job"), worker.stop)
    assert worker.log[-1] == "stopped"
