"""queue.join() waits for task_done() calls that nobody makes."""

import queue
import threading

import pytest

EXPECT = {"codes": ["CH104", "CH106"], "max_schedule": None}


@pytest.mark.stress_threads(workers=0)
def test_crawl():
    urls = queue.Queue()
    seen = []

    def crawl():
        while (url := urls.get()) is not None:
            seen.append(url)

    worker = threading.Thread(target=crawl)
    worker.start()
    urls.put("/index")
    urls.put("/about")
    urls.put(None)
    urls.join()  # BUG
    worker.join()
