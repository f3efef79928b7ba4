"""Start and join are all the ordering that is needed."""

import threading

import pytest


@pytest.mark.stress_threads(workers=0)
def test_relay():
    baton = {"runner": "ann"}

    def run_leg(name):
        baton["runner"] = baton["runner"] + "," + name

    for name in ("bob", "cid"):
        leg = threading.Thread(target=run_leg, args=(name,))
        leg.start()
        leg.join()
    assert baton["runner"] == "ann,bob,cid"
