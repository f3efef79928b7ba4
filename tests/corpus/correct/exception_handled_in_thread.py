"""A thread catches its own exception and hands it over."""

import threading

import pytest


@pytest.mark.stress_threads(workers=0)
def test_handled():
    errors = []

    def parse(text):
        try:
            int(text)
        except ValueError as error:
            errors.append(error)

    threads = [threading.Thread(target=parse, args=(text,)) for text in ("1", "two")]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert len(errors) == 1
