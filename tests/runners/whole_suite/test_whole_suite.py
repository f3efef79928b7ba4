"""``--stress-threads`` over suites that were not written for it: no false word, nothing left unsaid."""

from __future__ import annotations

from pytester_runs import run

SUITE = """
import os, sys, unittest, warnings
import pytest
from unittest import mock
class Total: n = 0
def bump(): Total.n += 1
ITEMS = []
def set_env(): os.environ["X"] = "1"
@pytest.fixture
def patched(monkeypatch): monkeypatch.setenv("A", "2")
@pytest.fixture
def mocked():
    with mock.patch("os.getpid", return_value=1): yield
@pytest.fixture
def box(): return []
def test_plain(): assert 1 + 1 == 2
def test_race(): bump()
def test_capsys(capsys):
    print("x"); assert capsys.readouterr().out == "x\\n"
def test_through(patched): assert os.environ["A"] == "2"
def test_mocked(mocked): assert os.getpid() == 1
def test_warns():
    with pytest.warns(UserWarning): warnings.warn("w")
def test_environ(): set_env()
def test_reads_environ(): assert os.environ.get("PATH") is not None
def test_tmp_path(tmp_path):
    (tmp_path / "d").mkdir(); assert len(list(tmp_path.iterdir())) == 1
def test_box(box):
    box.append(1); assert box == [1]
@mock.patch("os.getcwd", return_value="x")
def test_patched(getcwd): assert os.getcwd() == "x"
def test_only_once():
    ITEMS.append(1); assert len(ITEMS) == 1 or len(ITEMS) > 2
def test_fails(): assert 0
@pytest.mark.thread_unsafe(reason="one port")
def test_marked(): pass
@pytest.mark.parallel_threads(1)
def test_one_thread(): pass
@pytest.mark.parametrize("n", [1, 2])
def test_param(n): assert n
class TestCase(unittest.TestCase):
    def setUp(self): self.items = []
    def test_method(self):
        self.items.append(1)
        self.assertEqual(self.items, [1])
    def test_logs(self):
        import logging
        with self.assertLogs(): logging.warning("x")
class TestPlainClass:
    def setup_method(self): self.items = []
    def test_own(self):
        self.items.append(1); assert self.items == [1]
"""


def test_over_a_plain_suite(pytester):
    done = run(pytester, SUITE, "--stress-threads=3", "--concurrency-schedules=20")
    failed = {name for name, outcome in done.outcomes.items() if outcome != "PASSED"}
    assert failed == {"test_race", "test_fails"}
    assert done.codes("test_race") == ["CH101"]
    assert done.codes("test_fails") == []
    alone = {name.replace("::", "."): test["one_worker"] for name, test in done.tests.items() if "one_worker" in test}
    assert alone == {
        "test_capsys": "the fixture capsys",
        "test_through": "the fixture monkeypatch (through patched)",
        "test_mocked": "unittest.mock.patch() in the fixture mocked",
        "test_warns": "pytest.warns()",
        "test_environ": "os.environ[...] = ...",
        "test_patched": "unittest.mock.patch",
        "test_only_once": "not passed when run several times in the same process",
        "test_fails": "not passed at all",
        "test_marked": "it is marked thread_unsafe: one port",
        "test_one_thread": "it is marked to run on one thread",
        "TestCase.test_logs": "assertLogs()",
    }
    assert "1 test run on one worker: pytest.warns()\n    test_it.py::test_warns" in done.text


def test_names_of_pytest_run_parallel_are_understood(pytester):
    pytester.makeini(
        """
        [pytest]
        addopts = --parallel-threads=2 --iterations=3 --mark-warnings-as-unsafe
        strict_markers = true
        thread_unsafe_fixtures =
            one
            two
        thread_unsafe_functions =
            json.dumps
            textwrap.*
        """
    )
    done = run(
        pytester,
        """
        import json, textwrap
        from json import dumps
        import pytest
        @pytest.fixture
        def two(): pass
        def test_fixture(two): pass
        def test_function(): dumps(1)
        def test_module(): textwrap.dedent("x")
        @pytest.mark.iterations(2)
        @pytest.mark.parallel_threads_limit(8)
        def test_other(): json.loads("1")
        """,
    )
    assert {name: test.get("one_worker") for name, test in done.tests.items()} == {
        "test_fixture": "the fixture two",
        "test_function": "json.dumps()",
        "test_module": "the module textwrap",
        "test_other": None,
    }


def test_ini_lists(pytester):
    pytester.makeini(
        """
        [pytest]
        concurrency_unsafe_fixtures = one
        concurrency_unsafe_calls = json.dumps
        concurrency_unsafe_modules = textwrap
        """
    )
    done = run(
        pytester,
        """
        import json, pytest
        @pytest.fixture
        def one(): pass
        def test_fixture(one): pass
        def test_call(): json.dumps(1)
        def test_module():
            import textwrap
            textwrap.dedent("x")
        """,
        "--stress-threads=2",
    )
    assert [test.get("one_worker") for test in done.tests.values()] == ["the fixture one", "json.dumps()", "textwrap"]


LIBRARY = """
    class Registry:
        def __init__(self): self.names = []
        def add(self, name):
            if name in self.names: raise ValueError("twice")
            self.names.append(name)
        def remove(self, name): self.names.remove(name)
    registry = Registry()
    count = 0
    def bump():
        global count
        count += 1
    class Tally:
        def __init__(self): self.n = 0
        def bump(self): self.n += 1
    _instance = None
    def get_instance():
        global _instance
        if _instance is None:
            made = object()
            _instance = made
            return made
        return _instance
    def reset():
        global _instance
        _instance = None
"""


def test_what_is_the_test_s_own_doing_is_no_error(pytester):
    """A test that takes it for granted to be alone is no fault of the code; code that is not atomic is one."""
    pytester.makepyfile(library=LIBRARY)
    done = run(
        pytester,
        """
        import library, pytest
        calls = 0
        shared = library.Tally()
        @pytest.fixture(scope="module")
        def wide(): return library.Tally()
        def note():
            global calls
            calls += 1
        def test_registers():
            library.registry.add("a")
            assert "a" in library.registry.names
            library.registry.remove("a")
        def test_own_counter(): note()
        def test_own_object(): shared.bump()
        def test_wide_fixture(wide): wide.bump()
        def test_library_counts(): library.bump()
        @pytest.fixture
        def fresh(): library.reset()
        def test_singleton(fresh): assert library.get_instance() is library.get_instance()
        """,
        "--stress-threads=2",
    )
    wrong = {name: done.codes(name) for name, outcome in done.outcomes.items() if outcome != "PASSED"}
    assert wrong == {"test_library_counts": ["CH101"], "test_singleton": ["CH110"]} or wrong == {
        "test_library_counts": ["CH101"],
        "test_singleton": ["CH110", "CH102"],
    }, done.text
    own = {name: test["own_doing"] for name, test in done.tests.items() if "own_doing" in test}
    assert set(own) == {"test_registers", "test_own_counter", "test_own_object", "test_wide_fixture"}, own
    assert own["test_own_object"] == "the test shares Tally.n between its workers (CH101)"


def test_code_is_known_that_a_test_reaches_by_an_object_a_fixture_or_an_import_of_its_own(pytester):
    """Then the lines of the test file are the test's own, as where its module imports the code's functions."""
    pytester.makepyfile(library=LIBRARY)
    pytester.makeconftest("""
        import pytest, library
        @pytest.fixture(scope="session")
        def client(): return library.registry
        """)
    own = "calls = 0\ndef note():\n    global calls\n    calls += 1\n"
    pytester.makepyfile(
        test_object=f"from library import registry\n{own}def test_object(): note()\n",
        test_fixture=own
        + "def register(client):\n    client.add('a')\n    client.remove('a')\n    assert 'a' not in client.names\n"
        + "def test_note(client): note()\n"
        + "def test_register(client): register(client)\n",
    )
    done = run(
        pytester,
        f"{own}def test_import():\n    import library\n    note()\n    library.get_instance()\n",
        "--stress-threads=2",
    )
    done.result.assert_outcomes(passed=4)
    assert {name for name, test in done.tests.items() if "own_doing" in test} == {
        "test_object", "test_note", "test_register", "test_import",
    }  # fmt: skip


def test_helpers_of_a_folder_of_tests_are_the_test_s_own(pytester):
    pytester.makepyfile(library=LIBRARY)
    folder = pytester.mkpydir("unit_tests")
    folder.joinpath("helpers.py").write_text(
        "import os\ncalls = 0\ndef note():\n    global calls\n    calls += 1\ndef here(): os.chdir('.')\n"
    )
    source = """
        import library
        from unit_tests import helpers
        from unit_tests.helpers import here
        def test_it(): helpers.note()
        def test_here(): here()
        def test_there(): helpers.here()
        """
    done = run(pytester, source, "--stress-threads=2")
    assert set(done.outcomes.values()) == {"PASSED"}, done.text
    assert [done.tests[name]["one_worker"] for name in ("test_here", "test_there")] == ["os.chdir()"] * 2
    assert done.tests["test_it"]["own_doing"] == "its own code is not made for threads (CH101)"


def test_a_project_called_like_a_tool_is_code_under_test(pytester):
    pytester.makepyfile(freezegun=LIBRARY)
    done = run(
        pytester,
        """
        import freezegun
        calls = 0
        def note():
            global calls
            calls += 1
        def test_note(): note()
        def test_bump(): freezegun.bump()
        """,
        "--stress-threads=2",
    )
    assert done.outcomes == {"test_note": "PASSED", "test_bump": "FAILED"}, done.text


def test_fixtures_per_worker_with_a_marker(pytester):
    done = run(
        pytester,
        """
        import pytest
        torn = []
        @pytest.fixture
        def inner(): return []
        @pytest.fixture
        def items(inner):
            inner.append(1)
            yield inner
            torn.append(id(inner))
        class TestIt:
            @pytest.mark.stress_threads(workers=3, fixtures="per-worker", schedules=20)
            def test_own(self, items):
                items.append(2)
                assert items == [1, 2]
                self.n = getattr(self, "n", 0) + 1
                assert self.n == 1
        @pytest.mark.stress_threads(workers=3, schedules=20)
        def test_shared(items):
            items.append(2)
            assert items == [1, 2]
        def test_torn_down(): assert len(torn) >= 6
        """,
    )
    assert done.outcomes == {"TestIt::test_own": "PASSED", "test_shared": "FAILED", "test_torn_down": "PASSED"}


def test_fixtures_are_torn_down_last_first(pytester):
    done = run(
        pytester,
        """
        import pytest
        def log(word):
            with open("log.txt", "a") as file: file.write(word + " ")
        @pytest.fixture
        def a():
            log("a+"); yield; log("a-")
        @pytest.fixture
        def b(a):
            log("b+"); yield; log("b-")
        def test_it(b): pass
        """,
        "--stress-threads=3",
    )
    assert done.outcomes == {"test_it": "PASSED"}, done.text
    text = (pytester.path / "log.txt").read_text()
    each = "a+ b+ a+ b+ a+ b+ b- a- b- a- b- a- "  # as pytest itself does for one worker: last set up, first torn down
    assert each in text
    assert text.replace(each, "").replace("a+ b+ b- a- ", "") == ""


def test_budget_is_shared_by_all(pytester):
    done = run(
        pytester,
        """
        import pytest
        state = {"n": 0}
        @pytest.mark.parametrize("n", range(30))
        def test_busy(n):
            for i in range(300): state["n"] = i
        """,
        "--stress-threads=2",
        "--concurrency-max-seconds=1",
    )
    assert len(done.outcomes) == 30
    assert set(done.outcomes.values()) == {"PASSED"}
    assert any("budget" in test.get("one_worker", "") for test in done.tests.values())
    assert "the budget of 1 s was used up" in done.text


def test_other_kinds_of_tests_are_named(pytester):
    pytester.makepyfile(helper='def f():\n    """\n    >>> 1\n    1\n    """\n')
    done = run(
        pytester, "async def test_async(): pass\ndef test_plain(): pass", "--stress-threads=2", "--doctest-modules"
    )
    assert "async tests are not run on threads" in done.text
    assert "a DoctestItem is not run on threads" in done.text


def test_runners_of_command_lines_and_frozen_time_are_not_made_for_threads(pytester):
    pytester.mkpydir("click")
    pytester.makepyfile(**{
        "click/testing": """
            import sys, io
            from . import formatting
            class CliRunner:
                def invoke(self, command):
                    kept, formatting.WIDTH = formatting.WIDTH, 80
                    command()
                    formatting.WIDTH = kept
            """,
        "click/formatting": "WIDTH = None",
        "freezegun": "import contextlib\ndef freeze_time(when): return contextlib.nullcontext()",
        "conftest": """
            import pytest
            from click.testing import CliRunner
            @pytest.fixture
            def runner(): return CliRunner()
            """,
    })  # fmt: skip
    source = """
import click.testing
from freezegun import freeze_time
import pytest
@pytest.fixture
def frozen():
    with freeze_time("2020-01-01"): yield
def test_through_fixture(runner): runner.invoke(lambda: None)
def test_itself(): click.testing.CliRunner().invoke(lambda: None)
def test_frozen(frozen): pass
def test_plain(): pass
"""
    done = run(pytester, source, "--stress-threads", "2")
    assert set(done.outcomes.values()) == {"PASSED"}
    reasons = {name: test.get("one_worker") for name, test in done.tests.items()}
    assert reasons == {
        "test_through_fixture": "click.testing.CliRunner() in the fixture runner",
        "test_itself": "click.testing.CliRunner()",
        "test_frozen": "freezegun.freeze_time() in the fixture frozen",
        "test_plain": None,
    }


def test_what_passes_only_once_in_a_process_has_passed(pytester):
    source = """
import io
import pytest
import state, unittest
@pytest.mark.parametrize("file", [io.StringIO("text")])
def test_used_up(file): assert file.read() == "text"
def test_fails(): assert 0
FILE = io.StringIO("text")
class TestOld(unittest.TestCase):
    def test_used_up(self): self.assertEqual(FILE.read(), "text")
    def test_fails(self): self.assertEqual(0, 1)
    def test_rewound(self):
        if state.closed: raise state.Closed
        state.close()
"""
    pytester.makepyfile(
        state="""
        closed = False
        class Closed(BaseException): pass
        def close():
            global closed
            closed = True
        """
    )
    done = run(pytester, source, "--stress-threads", "2")
    assert {name for name, outcome in done.outcomes.items() if outcome == "FAILED"} == {
        "test_fails", "TestOld::test_fails",
    }, done.text  # fmt: skip
    assert len(done.outcomes) == 5
    assert "not passed when run several times in the same process" in done.text


def test_equal_errors_of_a_tear_down_are_shown_once(pytester):
    pytester.makepyfile(
        test_it="""
        import pytest
        @pytest.fixture
        def one():
            yield
            raise RuntimeError("cannot close")
        @pytest.fixture
        def named(request):
            yield
            raise RuntimeError(f"cannot close {id(request)}")
        def test_equal(one): pass
        def test_different(named): pass
        """
    )
    result = pytester.runpytest_subprocess("--stress-threads=3", "-p", "no:randomly", "--tb=short")
    text = result.stdout.str()
    assert text.count("RuntimeError: cannot close\n") == 2, "the error, and the line of the summary"
    assert "the first of 3 equal errors" in text
    assert text.count("| RuntimeError: cannot close ") == 3, "different ones are all shown"
    result.assert_outcomes(failed=2)
