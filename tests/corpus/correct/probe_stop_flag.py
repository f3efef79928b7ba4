"""The flag is checked and the work accepted under the lock that stop() takes."""

import threading


class Worker:
    def __init__(self):
        self.stopped = False
        self.log = []
        self.lock = threading.Lock()

    def handle(self, job):
        with self.lock:
            if not self.stopped:
                self.log.append(job)

    def stop(self):
        with self.lock:
            self.stopped = True
            self.log.append("stopped")


def test_nothing_after_stop(thread_runner):
    worker = Worker()
    thread_runner.run(lambda: worker.handle("job"), worker.stop)
    assert worker.log[-1] == "stopped"
