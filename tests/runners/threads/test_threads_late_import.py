"""Modules that a test imports for the first time in its own body are instrumented all the same."""

from __future__ import annotations

import json

SHOP = """
class Shop:
    def __init__(self):
        self.sold = 0

    def sell(self):
        self.sold += 1
"""

TEST = """
def test_sales(thread_runner):
    from shop import Shop

    shop = Shop()
    thread_runner.run(shop.sell, shop.sell)
"""


def test_late_import_is_instrumented_and_replays(pytester):
    pytester.makepyfile(shop=SHOP, test_sales=TEST)
    report = pytester.path / "report.json"
    options = ("-p", "no:randomly", f"--concurrency-report=json:{report}")
    result = pytester.runpytest_subprocess(*options)
    result.assert_outcomes(failed=1)
    (hazard,) = json.loads(report.read_text())["tests"][0]["hazards"]
    assert hazard["code"] == "CH101"
    assert {location["path"] for location in hazard["locations"]} == {"shop.py"}

    replayed = pytester.runpytest_subprocess(*options, f"--concurrency-replay={hazard['replay']}")
    replayed.assert_outcomes(failed=1)
    replayed.stdout.fnmatch_lines(["*the replayed schedule fails as it did*"])
