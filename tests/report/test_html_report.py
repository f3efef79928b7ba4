"""The HTML page: whole, without network, and made of what travels; its looks and keys are tried in a browser."""

from __future__ import annotations

import os
import re
import shutil

import pytest

from pytest_concurrency.report import page
from pytester_runs import run

pytest.importorskip("jinja2", reason="Jinja2 is not installed: it draws the page")

SOURCE = """
import threading, time
import pytest
class Total: n = "<script>alert(1)</script>"
@pytest.mark.stress_threads
def test_lost():
    Total.n += "&"
def test_deadlock(thread_runner):
    a, b = threading.Lock(), threading.Lock()
    def one():
        with a:
            with b: pass
    def two():
        with b:
            with a: pass
    thread_runner.run(one, two)
def test_fine(thread_runner): thread_runner.run(int, int)
@pytest.mark.stress_processes(workers=0, repeats=1)
def test_pool():
    import multiprocessing
    with multiprocessing.get_context("fork").Pool(1) as pool:
        pool.apply_async(divmod, (1, 0))
        pool.close()
        pool.join()
@pytest.mark.parallelism(workers=2, max_seconds=1)
def test_sleep(): time.sleep(0.01)
"""
GREENLETS = """
@pytest.mark.stress_greenlets(workers=0, repeats=2)
def test_block():
    import gevent, ctypes
    libc = ctypes.CDLL(None)
    def block():
        libc.usleep(80000)
    gevent.joinall([gevent.spawn(gevent.sleep, 0.02), gevent.spawn(block)])
"""
CHROMIUM = "--no-sandbox --disable-gpu --disable-background-networking --disable-component-update --disable-sync \
--no-first-run".split()


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Where the page of a run with hazards of all families is kept."""
    return tmp_path_factory.mktemp("page")


def has_gevent():
    try:
        import gevent  # noqa: F401
    except ImportError:
        return False
    return True


def drawn(pytester, made, *args):
    """Return the page; the first test that asks for it makes it."""
    target = made / "r.html"
    if not target.exists():
        source = SOURCE + (GREENLETS if has_gevent() else "")
        done = run(pytester, source, f"--concurrency-report=html:{target}", "--concurrency-max-seconds=2", *args)
        assert target.exists(), done.text
        assert done.outcomes["test_fine"] == "PASSED"
    return target.read_text(encoding="utf-8")


def test_the_page_holds_everything_and_asks_for_nothing(pytester, made):
    text = drawn(pytester, made)
    wanted = ["CH101", "CH104", "CH403", "--concurrency-replay=c1-", "test_it.py:6", "Who waits for what",
              "Order in which locks are taken", "together, on 2 workers", "ideal, on 2 free processors"]  # fmt: skip
    if has_gevent():
        wanted += ["CH302", "Greenlets of one run", "kept the thread for"]
    assert [word for word in wanted if word not in text] == []
    links = re.findall(r"""(?:src|href|url)\s*[=(]\s*["']?([^"')\s>]+)""", text)
    assert [link for link in links if not link.startswith(("#", "data:"))] == []
    assert "<script>alert" not in text, "values are escaped"
    assert "&lt;script&gt;alert(1)" in text
    anchors = re.findall(r'href="#([^"]+)"', text)
    assert anchors
    assert [anchor for anchor in anchors if f'id="{anchor}"' not in text] == []


def test_in_a_browser(pytester, made):
    sync_api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed: the page was not opened")
    browser = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if browser is None:
        pytest.skip("Chromium is not installed: the page was not opened")
    drawn(pytester, made)
    said = []
    with sync_api.sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=browser, args=CHROMIUM)
        try:
            for width in (1280, 390):
                view = chromium.new_page(viewport={"width": width, "height": 900})
                view.on("console", lambda message: said.append(message.text))
                view.on("pageerror", lambda error: said.append(str(error)))
                view.on(
                    "request", lambda request: request.url.startswith(("file:", "data:")) or said.append(request.url)
                )
                view.goto((made / "r.html").as_uri())
                assert view.evaluate("document.documentElement.scrollWidth") <= width, "nothing sticks out"
                steps_with_keys(view, sync_api.expect)
                view.close()
        finally:
            chromium.close()
    assert said == []


def steps_with_keys(view, expect):
    player = view.locator(".finding", has_text="CH101").locator(".player")
    table, live = player.get_by_role("table", name="Interleaving"), player.get_by_role("status")
    assert player.locator("path.join").count() == 2
    table.focus()
    rows = player.locator(".row.step")
    assert rows.count() == 4
    for number, worker in enumerate(["0", "1", "1", "0"], 1):
        view.keyboard.press("ArrowDown")
        expect(live).to_contain_text(f"Step {number} of 4: worker {worker} ")
        expect(rows.nth(number - 1)).to_have_attribute("aria-current", "step")
        assert player.locator("[aria-current]").count() == 1
        assert player.locator(".row.later").count() == 4 - number
    expect(live).to_contain_text("In conflict with step 3")
    expect(live).to_contain_text("test_it.py:6")
    expect(player.locator(".values")).to_contain_text("Total.n")
    expect(player.get_by_role("button", name="Next step")).to_be_disabled()
    view.keyboard.press("Home")
    expect(live).to_contain_text("Step 1 of 4")
    view.keyboard.press("Escape")
    expect(live).to_contain_text("All 4 steps")
    player.get_by_role("button", name="Next step").click()
    expect(live).to_contain_text("Step 1 of 4")
    stuck = view.locator(".finding", has_text="CH104").locator(".player")
    stuck.get_by_role("table", name="Interleaving").focus()
    view.keyboard.press("ArrowRight")
    expect(stuck.locator(".values")).to_contain_text("holds")


def test_without_jinja(pytester):
    pytester.makeconftest("import sys\nsys.modules['jinja2'] = None")
    pytester.makepyfile("def test_a(): open('ran', 'w')")
    result = pytester.runpytest_subprocess("--concurrency-report=html:r.html")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert (
        "--concurrency-report=html needs Jinja2, which is not installed: pip install 'pytest-concurrency[html]'"
        in result.stderr.str() + result.stdout.str()
    )
    assert not (pytester.path / "ran").exists()


def test_what_travels_is_the_same_under_xdist(pytester):
    pytest.importorskip("xdist")
    source = SOURCE.partition("def test_fine")[0]
    alone, shared = run(pytester, source), run(pytester, None, "-n", "1")
    assert set(alone.tests) == {"test_lost", "test_deadlock"}
    for name in alone.tests:
        (one,), (other,) = (done.tests[name]["hazards"] for done in (alone, shared))
        assert one["steps"]
        assert one["fingerprint"] == other["fingerprint"] != ""
        for key in ("conflicts", "waits", "lock_order"):
            assert one[key] == other[key]
        assert [(s["worker"], s["line"], s["source"]) for s in one["steps"]] == [
            (s["worker"], s["line"], s["source"]) for s in other["steps"]
        ]
    assert shared.tests["test_lost"]["hazards"][0]["conflicts"] == [[0, 2], [2, 3]]
    assert len(shared.tests["test_deadlock"]["hazards"][0]["lock_order"]) == 2


def test_no_test_was_stressed():
    from pytest_concurrency.report.html_report import render

    text = render([], "nothing", "{} {}".format)
    assert "No test was stressed." in text
    assert page.groups([]) == ()


@pytest.mark.parametrize(
    "seconds, text", [(0.00084, "840 us"), (0.052, "52 ms"), (0.9994, "999 ms"), (0.9999, "1.00 s"), (1.2, "1.20 s")]
)
def test_durations(seconds, text):
    assert page.duration(seconds) == text


def test_bars_of_a_measurement():
    row = {"alone": 1.0, "together": 3.0, "workers": 4, "speedup": 1.3, "sigma": 0.1, "verdict": "serialised"}
    result = {"nodeid": "t", "runner": "parallelism", "outcome": "passed", "hazards": [], "timeline": [],
              "parallelism": row}  # fmt: skip
    (test,) = page.tests([result])
    assert [(bar.kind, bar.width, bar.text) for bar in test.parallelism] == [
        ("alone", 100.0, "4.00 s"), ("together", 75.0, "3.00 s"), ("ideal", 25.0, "1.00 s")
    ]  # fmt: skip
    (test,) = page.tests([{**result, "parallelism": {**row, "alone": None}}])
    assert test.parallelism == ()
