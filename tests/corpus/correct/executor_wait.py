"""wait(FIRST_COMPLETED), then wait for the rest."""

from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait

import pytest


@pytest.mark.stress_threads(workers=0)
def test_wait():
    with ThreadPoolExecutor(max_workers=2) as pool:
        futures = {pool.submit(len, word) for word in ("a", "bb")}
        done, pending = wait(futures, return_when=FIRST_COMPLETED)
        assert len(done) >= 1
        done_late, still = wait(pending)
        assert not still
    assert sorted(f.result() for f in done | done_late) == [1, 2]
