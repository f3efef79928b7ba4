"""A background thread is started where none is alive yet; two callers start one each."""

import threading

EXPECT = {"codes": ["CH110", "CH102", "CH101"], "max_schedule": None}


class Refresher:
    def __init__(self):
        self.thread = None
        self.refreshed = []
        self.stop = threading.Event()

    def ensure_running(self):
        if self.thread is None or not self.thread.is_alive():  # BUG
            self.thread = threading.Thread(target=self._run, daemon=True)  # BUG
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
