"""as_completed gives them in any order, each once."""

from concurrent.futures import ThreadPoolExecutor, as_completed

import pytest


@pytest.mark.stress_threads(workers=0)
def test_as_completed():
    with ThreadPoolExecutor(max_workers=2) as pool:
        names = {pool.submit(str.upper, name): name for name in ("ann", "bob")}
        got = {names[f]: f.result() for f in as_completed(names)}
    assert got == {"ann": "ANN", "bob": "BOB"}
