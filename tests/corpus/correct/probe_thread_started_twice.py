"""A background thread is started once, under a lock."""

import threading


class Refresher:
    def __init__(self):
        self.thread = None
        self.starting = threading.Lock()
        self.refreshed = []
        self.stop = threading.Event()

    def ensure_running(self):
        with self.starting:
            if self.thread is None or not self.thread.is_alive():
                self.thread = threading.Thread(target=self._run, daemon=True)
                self.thread.start()

    def _run(self):
        self.refreshed.append("now")
        self.stop.wait()


def test_one_thread(thread_runner):
    refresher = Refresher()
    thread_runner.run(refresher.ensure_running, workers=2)
    refresher.stop.set()
    refresher.thread.join()
    assert len(refresher.refreshed) == 1
