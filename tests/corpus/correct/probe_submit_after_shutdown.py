"""A service is open as long as somebody holds its lock to submit a task."""

import threading
from concurrent.futures import ThreadPoolExecutor


class Service:
    def __init__(self):
        self.pool = ThreadPoolExecutor(max_workers=1)
        self.closed = False
        self.lock = threading.Lock()

    def ask(self, number):
        with self.lock:
            if self.closed:
                return None
            task = self.pool.submit(pow, number, 2)
        return task.result()

    def close(self):
        with self.lock:
            self.closed = True
        self.pool.shutdown()


def test_ask_and_close(thread_runner):
    service = Service()
    answer, _ = thread_runner.run(lambda: service.ask(3), service.close)
    assert answer in (9, None)
