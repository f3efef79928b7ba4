"""A flag says that a service is open; it is closed before the task is submitted."""

from concurrent.futures import ThreadPoolExecutor

EXPECT = {"codes": ["CH110", "CH108", "CH102"], "max_schedule": None}


class Service:
    def __init__(self):
        self.pool = ThreadPoolExecutor(max_workers=1)
        self.closed = False

    def ask(self, number):
        if self.closed:  # BUG
            return None
        return self.pool.submit(pow, number, 2).result()  # BUG

    def close(self):
        self.closed = True
        self.pool.shutdown()  # BUG


def test_ask_and_close(thread_runner):
    service = Service()
    answer, _ = thread_runner.run(lambda: service.ask(3), service.close)
    assert answer in (9, None)
