"""The dict entry is taken out while it is changed, so that only one worker holds it."""

import time


def test_checkout(thread_runner):
    shelf = {"book": 0}

    def read_a_page():
        while True:
            try:
                page = shelf.pop("book")
            except KeyError:
                time.sleep(0.01)
                continue
            shelf["book"] = page + 1
            return

    thread_runner.run(read_a_page, read_a_page)
    assert shelf == {"book": 2}
