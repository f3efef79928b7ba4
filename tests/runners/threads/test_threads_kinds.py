"""Every kind of test that pytest has, marked: what is fresh for each schedule and what is not, what skips and fails."""

from __future__ import annotations

import pytest

from pytester_runs import no_traceback_of_ours, run

FIXTURES = r"""
import pytest, threading, logging, warnings, os, sys
sys.order = []  # not of this module, whose state is put back before each schedule
@pytest.fixture(scope="session")
def sess(): sys.order.append("s+"); yield 1; sys.order.append("s-")
@pytest.fixture(scope="module")
def mod(): sys.order.append("m+"); yield 1; sys.order.append("m-")
@pytest.fixture(scope="class")
def cls(): sys.order.append("c+"); yield 1; sys.order.append("c-")
@pytest.fixture
def outer(mod): sys.order.append("o+"); yield []; sys.order.append("o-")
@pytest.fixture
def inner(outer): sys.order.append("i+"); yield outer; sys.order.append("i-")
@pytest.fixture(autouse=True)
def auto(): sys.order.append("a+"); yield; sys.order.append("a-")
class TestX:
    @pytest.mark.stress_threads(schedules=6, switch_intervals=(), strategy="random")
    def test_fix(self, sess, cls, inner):
        inner.append(1)
    def test_order(self):
        assert sys.order.count("s+") == sys.order.count("m+") == sys.order.count("c+") == 1, sys.order
        assert sys.order.count("o+") == 7, sys.order  # once before the first run, to note the state without them
        one = ["a+", "o+", "i+", "i-", "o-", "a-"]
        calls = [x for x in sys.order if x[0] in "aoi"][:-1]
        assert calls == one * 7, sys.order
@pytest.mark.stress_threads(schedules=6, workers=0)
def test_tmp(tmp_path, monkeypatch, capsys, caplog, request):
    assert not list(tmp_path.iterdir())
    (tmp_path / "x").write_text("1")
    monkeypatch.setenv("FOO", os.environ.get("FOO", "") + "1")
    assert os.environ["FOO"] == "1"
    print("hello")
    assert capsys.readouterr().out == "hello\n"
    logging.getLogger().warning("w")
    assert len(caplog.records) == 1
    assert request.getfixturevalue("outer") == []
    request.getfixturevalue("outer").append(1)
@pytest.fixture
def ind(request): return [request.param]
@pytest.mark.stress_threads(schedules=6, workers=0)
@pytest.mark.parametrize("ind", [1, 2], indirect=True)
@pytest.mark.usefixtures("outer")
def test_ind(ind):
    assert len(ind) == 1; ind.append(2)
@pytest.mark.stress_threads(schedules=6, workers=0)
class TestMarked:
    def setup_method(self): self.x = 0
    def test_one(self):
        assert self.x == 0
        self.x = 1
    @pytest.mark.parametrize("n", [1, 2])
    def test_two(self, n): assert n
"""


def test_fixtures_are_fresh_for_every_schedule(pytester):
    done = run(pytester, FIXTURES)
    done.result.assert_outcomes(passed=8)
    assert {test["outcome"] for test in done.tests.values()} == {"passed"}
    assert done.tests["TestX::test_fix"]["schedules"] == 6
    assert len(done.tests) == 7
    assert done.text.count("WARNING  root") == 1, "the log of the last schedule only"


def test_a_module_is_marked_by_pytestmark(pytester):
    done = run(
        pytester,
        """
        import pytest
        pytestmark = pytest.mark.stress_threads(schedules=7)
        class Total: n = 0
        def test_lost(): Total.n += 1
        class TestIn:
            def test_fine(self): assert 1
        """,
    )
    assert done.codes("test_lost") == ["CH101"]
    assert done.tests["TestIn::test_fine"]["schedules"] <= 7
    assert done.outcomes == {"test_lost": "FAILED", "TestIn::test_fine": "PASSED"}


UNITTEST = """
import pytest, sys, threading, unittest, random
from hypothesis import given, settings, strategies as st, assume, example
sys.log = []
class TestUnit(unittest.TestCase):
    def setUp(self):
        sys.log.append("up"); self.n = 0
    def tearDown(self):
        sys.log.append("down")
    @pytest.mark.stress_threads(schedules=10)
    def test_ok(self):
        assert self.n >= 0
    @pytest.mark.stress_threads(schedules=10)
    def test_lost(self):
        self.n += 1
    @pytest.mark.stress_threads(schedules=10)
    def test_plain_fail(self):
        self.assertEqual(1, 2)
    @pytest.mark.stress_threads(schedules=10)
    def test_skip(self):
        self.skipTest("x")
    @pytest.mark.stress_threads(schedules=10)
    @unittest.expectedFailure
    def test_xf(self):
        assert 0
def test_log():
    assert sys.log.count("up") == sys.log.count("down") > 10

@pytest.mark.stress_threads(schedules=10)
class TestC:
    def test_inst(self):
        assert not hasattr(self, "x")
    def test_par(self): pass

class TestD:
    @pytest.mark.stress_threads(schedules=10, workers=0)
    def test_inst(self):
        assert not hasattr(self, "x")
        self.x = 1
    def test_runner(self, thread_runner):
        assert not hasattr(self, "x")
        self.x = 0
        def f():
            v = self.x
            self.x = v + 1
        thread_runner.run(f, f)
        assert self.x == 2
"""


def test_testcases_and_classes(pytester):
    done = run(pytester, UNITTEST)
    wanted = {
        "TestUnit::test_ok": "PASSED",
        "TestUnit::test_lost": "FAILED",
        "TestUnit::test_plain_fail": "FAILED",
        "TestUnit::test_xf": "XFAIL",
        "test_log": "PASSED",
        "TestC::test_inst": "PASSED",
        "TestC::test_par": "PASSED",
        "TestD::test_inst": "PASSED",
        "TestD::test_runner": "FAILED",
    }
    assert done.outcomes == wanted
    done.result.assert_outcomes(passed=5, failed=3, skipped=1, xfailed=1)
    assert done.codes("TestUnit::test_lost") == ["CH101"]
    assert done.codes("TestUnit::test_plain_fail") == []
    assert done.codes("TestD::test_runner") == ["CH101"]
    assert no_traceback_of_ours(done.text)


HYPOTHESIS = """
import pytest
from hypothesis import assume, given, note, strategies as st
class Counter:
    def __init__(self): self.n = 0
    def inc(self):
        self.n = self.n + 1
@pytest.mark.stress_threads
@given(st.integers())
def test_given_ok(n):
    assume(n != 3)
    note('a note')
    assert n + 1 > n
SEEN = Counter()
@pytest.mark.stress_threads
@given(st.integers())
def test_given_lost(n):
    if n > 10: SEEN.inc()
@given(st.lists(st.integers(), max_size=5))
def test_given_runner(thread_runner, xs):
    c = Counter()
    thread_runner.map(lambda _: c.inc(), range(len(xs)))
    assert c.n == len(xs)
@given(st.lists(st.integers(), max_size=5))
def test_given_runner_ok(thread_runner, xs):
    assert thread_runner.map(lambda x: x, xs) == xs
@pytest.mark.stress_threads
@given(st.integers())
def test_given_plain(n):
    assert n < 5
"""


def test_hypothesis_examples_are_stressed_one_by_one(pytester):
    done = run(pytester, HYPOTHESIS, "-p", "no:cacheprovider")
    assert done.outcomes == {
        "test_given_ok": "PASSED",
        "test_given_runner_ok": "PASSED",
        "test_given_lost": "FAILED",
        "test_given_runner": "FAILED",
        "test_given_plain": "FAILED",
    }
    assert done.codes("test_given_lost") == ["CH101"]
    assert done.codes("test_given_runner") == ["CH101"]
    assert done.codes("test_given_plain") == []
    assert "n=11," in done.text, "the example is shrunk and shown"
    assert done.tests["test_given_ok"]["schedules"] > 200
    assert "Flaky" not in done.text
    assert "AttributeError" not in done.text, "what Hypothesis keeps with the test is not put back"
    assert "FailedHealthCheck" not in done.text
    assert "warning" not in done.result.outlines[-1]
    assert no_traceback_of_ours(done.text)


SKIPS = """
import pytest, sys, warnings
@pytest.mark.stress_threads(schedules=6)
def test_raises():
    with pytest.raises(ValueError): raise ValueError
@pytest.mark.stress_threads(schedules=6)
def test_import(): pytest.importorskip("nonono")
@pytest.mark.stress_threads(schedules=6)
def test_xfail(): pytest.xfail("soon")
@pytest.mark.stress_threads(schedules=6)
@pytest.mark.xfail
def test_xfail2(): assert 0
@pytest.mark.stress_threads(schedules=6)
@pytest.mark.xfail(strict=True)
def test_xfail3(thread_runner):
    d = [0]
    def f(): d[0] += 1
    thread_runner.run(f, f)
@pytest.mark.stress_threads(schedules=6)
@pytest.mark.skip
def test_skipm(): assert 0
def test_skip_worker(thread_runner):
    thread_runner.run(lambda: pytest.skip("in worker"), lambda: 1)
@pytest.mark.stress_threads(schedules=30)
def test_skip_sometimes(thread_runner):
    s = []
    thread_runner.run(lambda: s.append(1), lambda: s.append(2))
    if s[0] == 2: pytest.skip("x")
@pytest.mark.stress_threads
def test_plain():
    print("once")
    assert 0, "both"
@pytest.fixture
def bad():
    yield
    raise RuntimeError("teardown")
@pytest.mark.stress_threads
def test_bad(bad): pass
sys.set_up = 0
@pytest.fixture
def bad2():
    sys.set_up += 1
    if sys.set_up > 3: raise RuntimeError("setup")
@pytest.mark.stress_threads
def test_bad2(bad2): pass
@pytest.mark.stress_threads
def test_warn():
    warnings.warn("hey")
@pytest.mark.stress_threads
def test_pfail(): pytest.fail("pf")
@pytest.mark.stress_threads(schedules=4)
def test_exit(): sys.exit(3)
"""


def test_skips_xfails_and_plain_failures(pytester):
    done = run(pytester, SKIPS)
    done.result.assert_outcomes(passed=3, failed=5, skipped=3, xfailed=3, warnings=1)
    for name in ("test_plain", "test_bad", "test_bad2", "test_pfail", "test_exit"):
        assert done.outcomes[name] == "FAILED"
        assert done.codes(name) == []
    for name in ("test_import", "test_skipm", "test_skip_worker", "test_xfail"):
        assert name not in done.tests
    assert done.codes("test_xfail3") == ["CH101"]
    assert "schedules ended in a skip and were not judged" in done.text
    assert no_traceback_of_ours(done.text)
    assert done.text.count("E       AssertionError: both") == 1, "the error of one worker stands for all"


def test_output_of_the_failing_schedule_only(pytester):
    done = run(
        pytester,
        """
        def test_lost(thread_runner):
            print("begin")
            state = [0]
            def add():
                value = state[0]
                state[0] = value + 1
            thread_runner.run(add, add)
            print("end")
        """,
    )
    assert done.codes("test_lost") == ["CH101"]
    assert done.text.count("begin\n") == 1
    assert done.text.count("end\n") == 1


@pytest.mark.parametrize("args", [("-x",), ("-s", "-p", "no:cacheprovider")])
def test_with_options_of_pytest(pytester, args):
    done = run(
        pytester,
        """
        import pytest
        class Total: n = 0
        @pytest.mark.stress_threads(schedules=10)
        def test_lost(): Total.n += 1
        def test_after(): pass
        """,
        *args,
    )
    assert done.result.ret == 1
    assert done.outcomes["test_lost"] == "FAILED"
    assert ("test_after" in done.outcomes) == ("-x" not in args)


def test_pdb_stops_once_and_the_session_goes_on(pytester):
    pytester.makepyfile(
        """
        import pytest
        def test_lost(thread_runner):
            state = [0]
            def add():
                value = state[0]
                state[0] = value + 1
            thread_runner.run(add, add)
            assert state[0] == 2
        def test_after(): pass
        """
    )
    result = pytester.run(*pytester._getpytestargs(), "--pdb", "-p", "no:randomly", stdin=b"p state\nc\n", timeout=170)
    result.assert_outcomes(passed=1, failed=1)
    assert result.stdout.str().count("entering PDB") == 1
    result.stdout.fnmatch_lines(["*[[]1]*"])
