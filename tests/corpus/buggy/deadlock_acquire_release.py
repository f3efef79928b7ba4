"""The same inversion with acquire and release, and own threads."""

import threading

import pytest

EXPECT = {"codes": ["CH104"], "max_schedule": None}
printer = threading.Lock()
scanner = threading.Lock()


def copy_page():
    scanner.acquire()
    printer.acquire()  # BUG
    printer.release()
    scanner.release()


def scan_to_print():
    printer.acquire()
    scanner.acquire()  # BUG
    scanner.release()
    printer.release()


@pytest.mark.stress_threads(workers=0)
def test_office():
    threads = [threading.Thread(target=copy_page), threading.Thread(target=scan_to_print)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
