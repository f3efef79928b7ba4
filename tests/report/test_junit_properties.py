"""pytest's own JUnit report carries what is needed to run a failure again."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

SOURCE = """
import pytest
class Total: n = 0
@pytest.mark.stress_threads
def test_lost():
    Total.n += 1
def test_fine(thread_runner): thread_runner.run(int, int)
def test_plain(): pass
"""


@pytest.mark.parametrize("arguments", [(), ("-n", "1")], ids=["alone", "xdist"])
def test_properties(pytester, arguments):
    if arguments:
        pytest.importorskip("xdist")
    pytester.makepyfile(test_it=SOURCE)
    pytester.runpytest_subprocess("-p", "no:randomly", "--junitxml=j.xml", *arguments)
    cases = {
        case.get("name"): [(each.get("name"), each.get("value")) for each in case.iter("property")]
        for case in ElementTree.parse(pytester.path / "j.xml").iter("testcase")
    }
    lost = dict(cases["test_lost"])
    assert len(lost) == len(cases["test_lost"]), "each once"
    assert lost["concurrency.hazards"] == "CH101"
    assert lost["concurrency.CH101.replay"].startswith("c1-")
    assert "is lost" in lost["concurrency.CH101.message"]
    assert lost["concurrency.seed"].isdigit()
    assert dict(cases["test_fine"])["concurrency.schedules"].isdigit()
    assert "concurrency.hazards" not in dict(cases["test_fine"])
    assert cases["test_plain"] == []
