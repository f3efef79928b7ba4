"""Bad input: one clear sentence and exit code 4, never a traceback of ours."""

from __future__ import annotations

import pytest

from pytester_runs import no_traceback_of_ours

GOOD = "import pytest\n@pytest.mark.stress_threads(schedules=3)\ndef test_a(): pass\n"

ARGUMENTS = {
    "strategy='nope'": "strategy='nope' is not one of auto, random, pct, pos, surw",
    "strategy=['auto']": "strategy=['auto'] is not one of auto",
    "workers=-1": "workers=-1 is not a whole number of at least 0",
    "workers=True": "workers=True is not a whole number",
    "workers=501": "workers=501 is more than 500 threads, which one run cannot have",
    "workers=2.0": "workers=2.0 is not a whole number",
    "schedules=0": "schedules=0 is not a whole number of at least 1",
    "seed='x'": "seed='x' is not a whole number or 'random'",
    "seed=1.5": "seed=1.5 is not a whole number or 'random'",
    "timeout='soon'": "timeout='soon' is not a number of seconds greater than 0",
    "max_seconds=float('nan')": "max_seconds=nan is not a number of seconds greater than 0",
    "switch_intervals=5": "switch_intervals=5 is not a sequence of seconds",
    "timeout=10**400": "0 is not a number of seconds greater than 0",
    "switch_intervals=[0]": "switch_intervals=[0] is not a sequence of seconds greater than 0",
    "include=['a b']": "include=['a b'] is not a sequence of module names",
    "include=3": "include=3 is not a sequence of module names",
    "ignore=['CH999']": "a list of hazard codes (see --concurrency-hazards): 'CH999' is none",
    "ignore=[['CH101']]": "a list of hazard codes (see --concurrency-hazards): ['CH101'] is none",
    "ignore=5": "ignore=5 is not a sequence of hazard codes",
    "ignore_in=5": "ignore_in=5 is not a mapping from modules or paths to hazard codes, such as",
    "ignore_in=['shop']": "ignore_in=['shop'] is not a mapping from modules or paths to hazard codes",
    "ignore_in={'a b': 'CH101'}": "'a b' is neither a module nor a path",
    "ignore_in={3: 'CH101'}": "3 is neither a module nor a path",
    "ignore_in={'shop': 'CH999'}": "a list of hazard codes (see --concurrency-hazards): 'CH999' is none",
    "ignore_in={'shop': ['CH101', 'CH201']}": "hazard codes of what schedules show (CH101 to CH110): CH201 belongs into ignore",
    "bogus=1": "stress_threads has no argument 'bogus'; it takes workers, schedules",
    "repeats=3": "stress_threads has no argument 'repeats'; it takes workers, schedules",
    "'pos'": "stress_threads takes keyword arguments only, not 'pos'.",
    "3": "stress_threads takes keyword arguments only, not 3; write stress_threads(workers=3) if that is what is meant.",
}


def refused(result: pytest.RunResult, sentence: str) -> None:
    text = result.stdout.str() + result.stderr.str()
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert sentence in text
    assert no_traceback_of_ours(text)
    assert "Traceback" not in text


@pytest.mark.parametrize("argument", ARGUMENTS)
def test_marker_argument(pytester, argument):
    pytester.makepyfile(f"import pytest\n@pytest.mark.stress_threads({argument})\ndef test_a(): pass\n")
    result = pytester.runpytest_inprocess()
    refused(result, ARGUMENTS[argument])
    assert "test_marker_argument.py::test_a: stress_threads" in result.stderr.str() + result.stdout.str()


@pytest.mark.parametrize(
    ("option", "sentence"),
    [
        ("--concurrency-strategy=zz", "--concurrency-strategy: strategy='zz' is not one of auto"),
        ("--concurrency-schedules=many", "--concurrency-schedules: schedules='many' is not a whole number"),
        ("--concurrency-max-seconds=-1", "--concurrency-max-seconds: max_seconds='-1' is not a number of seconds"),
        ("--concurrency-seed=zz", "--concurrency-seed: seed='zz' is not a whole number or 'random'"),
        ("--concurrency-report=zz:x", "--concurrency-report: 'zz' is not one of json, html, sarif, github"),
        ("--concurrency-report=", "--concurrency-report: '' is not one of json, html, sarif, github"),
        ("--concurrency-include=a-b", "--concurrency-include: include='a-b' is not a sequence of module names"),
        ("--stress-threads=501", "--stress-threads: 501 is more than 500 threads"),
        ("--stress-threads=zz", "--stress-threads: 'zz' is not a whole number of at least 1"),
        ("--concurrency-shards=x", "--concurrency-shards: 'x' is not a whole number of at least 1"),
        ("--stress-threads=0", "--stress-threads: '0' is not a whole number of at least 1"),
        ("--concurrency-replay=zz", "it is no replay token; paste the one that a failure printed"),
        ("--concurrency-replay=c1-00-aa", "it is damaged; paste it whole"),
        ("--concurrency-replay=c1-é-aa", "it is damaged; paste it whole"),
        ("--concurrency-replay=c9-00-aa", "it has format 9, this version reads format 1"),
    ],
)
def test_command_line(pytester, option, sentence):
    pytester.makepyfile(GOOD)
    refused(pytester.runpytest_inprocess(option), sentence)


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("concurrency_strategy = zz", "ini key concurrency_strategy: strategy='zz' is not one of auto"),
        ("concurrency_workers = 501", "ini key concurrency_workers: workers=501 is more than 500 threads"),
        ("concurrency_workers = -1", "ini key concurrency_workers: workers='-1' is not a whole number"),
        ("concurrency_seed = zz", "ini key concurrency_seed: seed='zz' is not a whole number"),
        ("concurrency_error = CHX", "ini key concurrency_error: error='CHX' is not a list of hazard codes"),
        ("concurrency_ignore = CH101 CHX", "(see --concurrency-hazards): 'CHX' is none"),
        (
            "concurrency_ignore_in = CH101",
            "is not lines of a module or path, a colon and hazard codes, such as cachetools: CH101.",
        ),
        ("concurrency_ignore_in = shop: CHX", "(see --concurrency-hazards): 'CHX' is none"),
        ("concurrency_max_block = 0", "ini key concurrency_max_block: max_block='0' is not a number of seconds"),
    ],
)
def test_ini_file(pytester, line, sentence):
    pytester.makeini(f"[pytest]\n{line}\n")
    pytester.makepyfile(GOOD)
    refused(pytester.runpytest_inprocess(), sentence)


@pytest.mark.parametrize(
    ("source", "sentence"),
    [
        (
            "@pytest.mark.stress_threads\nasync def test_a(): pass",
            "stress_threads cannot run an async test; call asyncio.run() in an ordinary test function",
        ),
        ("async def test_a(thread_runner): pass", "stress_threads cannot run an async test"),
        (
            "@pytest.mark.stress_threads\n@pytest.mark.stress_processes\ndef test_a(): pass",
            "a test has one kind of workers, but this one asks for stress_threads and stress_processes; make it two tests",
        ),
        ("@pytest.mark.stress_threads\ndef test_a(process_runner): pass", "asks for process_runner and stress_threads"),
        (
            "pytestmark = pytest.mark.stress_threads\ndef f():\n    '''\n    >>> 1\n    1\n    '''",
            "works on test functions and methods, not on a DoctestItem; mark the functions, not the whole module",
        ),
    ],
)
def test_what_cannot_be_stressed(pytester, source, sentence):
    pytester.makepyfile("import pytest\n" + source + "\n")
    refused(pytester.runpytest_inprocess("--doctest-modules"), sentence)


WRAPPED = """
import asyncio, functools
import pytest

def by(call):
    def decorate(function):
        @functools.wraps(function)
        def wrapper(*args, **kwargs):
            return call(function(*args, **kwargs))
        return wrapper
    return decorate

ran = []

@pytest.mark.stress_threads(schedules=2)
@by(asyncio.run)
async def test_in_a_loop():
    await asyncio.sleep(0)
    ran.append(1)

@pytest.mark.stress_threads(schedules=2)
@by(lambda coroutine: coroutine)
async def test_not_run():
    pass

def test_ran():
    assert len(ran) >= 2
"""


@pytest.mark.filterwarnings("ignore:coroutine")
def test_an_async_function_that_a_decorator_runs_is_an_ordinary_test(pytester):
    pytester.makepyfile(WRAPPED)
    result = pytester.runpytest_subprocess("-p", "no:randomly")
    result.assert_outcomes(passed=2, failed=1)
    result.stdout.fnmatch_lines(["async def functions are not natively supported*"])


def test_marker_on_a_fixture_is_refused(pytester):
    """Since version 9 pytest itself refuses a mark on a fixture, before that it warns of it."""
    pytester.makepyfile(
        "import pytest\n@pytest.mark.stress_threads\n@pytest.fixture\ndef thing(): pass\ndef test_a(thing): pass\n"
    )
    result = pytester.runpytest_inprocess()
    text = result.stdout.str()
    assert "Marks cannot be applied to fixtures" in text or "Marks applied to fixtures have no effect" in text
    assert no_traceback_of_ours(text)


def test_runner_fixture_in_a_wider_scope(pytester):
    pytester.makepyfile(
        "import pytest\n@pytest.fixture(scope='module')\ndef m(thread_runner): pass\ndef test_a(m): pass\n"
    )
    result = pytester.runpytest_inprocess()
    assert result.ret == 1
    result.stdout.fnmatch_lines(["*ScopeMismatch*"])


def test_runner_used_wrongly(pytester):
    pytester.makepyfile(
        """
        import threading, pytest
        def f(): pass
        def test_none(thread_runner):
            with pytest.raises(TypeError, match="at least one callable"): thread_runner.run()
        def test_called(thread_runner):
            with pytest.raises(TypeError, match="pass the function, do not call it"): thread_runner.run(f())
        def test_workers(thread_runner):
            with pytest.raises(ValueError, match="whole number of at least 1"): thread_runner.run(f, workers=0)
            with pytest.raises(ValueError, match="more than 500 threads"): thread_runner.run(f, workers=1000)
            with pytest.raises(ValueError, match="more than 500 threads"): thread_runner.map(f, range(501))
        @pytest.mark.parametrize("given", [1, "ab"])
        def test_outcome(thread_runner, given):
            with pytest.raises(TypeError, match="acceptable=.* is not a collection of outcomes; write "):
                thread_runner.outcome("a", acceptable=given)
            with pytest.raises(TypeError, match="forbidden=.* is not a collection of outcomes; write "):
                thread_runner.outcome("a", forbidden=given)
        def test_number(thread_runner):
            with pytest.raises(ValueError, match="does not go with 2 callables"): thread_runner.run(f, f, workers=3)
        @pytest.mark.stress_threads(switch_intervals=())
        def test_nested(thread_runner):
            with pytest.raises(RuntimeError, match="from the test function's own thread"):
                thread_runner.run(lambda: thread_runner.run(f), workers=1)
        @pytest.fixture
        def early(thread_runner):
            with pytest.raises(RuntimeError, match="inside the test function only"): thread_runner.run(f)
        def test_fixture(early): pass
        """
    )
    result = pytester.runpytest_subprocess("--concurrency-schedules=3", "-p", "no:randomly")
    result.assert_outcomes(passed=8)


@pytest.mark.parametrize(
    ("kind", "most"), [("threads", 500), ("processes", 500), ("greenlets", 5000), ("parallelism", 500)]
)
def test_more_workers_than_one_run_can_have(pytester, kind, most):
    marker = kind if kind == "parallelism" else f"stress_{kind}"
    pytester.makepyfile(f"import pytest\n@pytest.mark.{marker}(workers={most + 1})\ndef test_a(): pass\n")
    refused(pytester.runpytest_inprocess(), f"{marker}: workers={most + 1} is more than {most} ")


@pytest.mark.parametrize("runner", ["process_runner", "greenlet_runner"])
def test_runner_with_more_workers_than_one_run_can_have(pytester, runner):
    if runner == "greenlet_runner":
        pytest.importorskip("gevent")
    pytester.makepyfile(
        f"""
        import pytest
        def test_run({runner}):
            with pytest.raises(ValueError, match="workers=5001 is more than"): {runner}.run(int, workers=5001)
        def test_map({runner}):
            with pytest.raises(ValueError, match="workers=5001 is more than"): {runner}.map(abs, range(5001))
        """
    )
    pytester.runpytest_subprocess("-p", "no:randomly").assert_outcomes(passed=2)


def test_a_runner_that_is_asked_for_while_the_test_runs(pytester):
    pytester.makepyfile(
        """
        def test_late(request):
            request.getfixturevalue("thread_runner")

        def doctest():
            '''
            >>> getfixture("thread_runner")
            '''
        """
    )
    result = pytester.runpytest_subprocess("--doctest-modules", "-p", "no:randomly")
    result.assert_outcomes(failed=2)
    sentence = "thread_runner decides how a test is run, before it runs: name it among the arguments of a test function"
    assert result.stdout.str().count(sentence) >= 2
    assert no_traceback_of_ours(result.stdout.str())


@pytest.mark.parametrize("value", ["[1]", "[0.5, 2]"])
def test_lists_of_numbers_in_toml(pytester, value):
    pytester.makepyprojecttoml(f"[tool.pytest.ini_options]\nconcurrency_include = {value}\n")
    pytester.makepyfile(GOOD)
    refused(pytester.runpytest_inprocess(), "ini key concurrency_include: include='")


def test_a_time_that_is_as_good_as_for_ever(pytester):
    pytester.makepyfile(
        "import pytest\n@pytest.mark.stress_threads(timeout=1e300, max_seconds=1e300)\ndef test_a(): pass\n"
    )
    pytester.runpytest_subprocess("-p", "no:randomly").assert_outcomes(passed=1)


@pytest.mark.parametrize("runner", ["thread_runner", "process_runner", "greenlet_runner"])
def test_what_map_calls_has_to_be_a_function(pytester, runner):
    if runner == "greenlet_runner":
        pytest.importorskip("gevent")
    pytester.makepyfile(
        f"""
        def double(n): return 2 * n
        def test_called({runner}): {runner}.map(double(1), [1, 2])
        def test_of_nothing({runner}): {runner}.map(double(1), [])
        """
    )
    result = pytester.runpytest_subprocess("-p", "no:randomly")
    result.assert_outcomes(failed=2)
    result.stdout.fnmatch_lines(["E *TypeError: map() takes a function, not 2: pass the function, do not call it"] * 2)
    assert no_traceback_of_ours(result.stdout.str())


def test_xdist_says_it_too(pytester):
    pytester.makepyfile("import pytest\n@pytest.mark.stress_threads(workers=-1)\ndef test_a(): pass\n")
    result = pytester.runpytest_subprocess("-n1")
    result.assert_outcomes(failed=1)
    assert no_traceback_of_ours(result.stdout.str())
    assert "workers=-1 is not a whole number of at least 0" in result.stdout.str() + result.stderr.str()


@pytest.mark.parametrize(
    ("name", "meant"),
    [("stress_thread", "stress_threads"), ("stress_process", "stress_processes"), ("stress_greenlet", "stress_greenlets"),
     ("parallelims", "parallelism"), ("stress_treads(workers=3)", "stress_threads")],
)  # fmt: skip
def test_a_misspelt_marker(pytester, name, meant):
    pytester.makepyfile(f"import pytest\n@pytest.mark.{name}\nclass TestIt:\n    def test_a(self): pass\n")
    bare = name.partition("(")[0]
    refused(pytester.runpytest_inprocess(), f"::TestIt::test_a: there is no marker {bare}; write {meant}, or register")


def test_a_marker_of_anothers_that_is_registered(pytester):
    pytester.makeini("[pytest]\nmarkers =\n    stress_thread: of another\n    stress: of a third\n")
    pytester.makepyfile(
        "import pytest\n@pytest.mark.stress_thread\ndef test_a(): pass\n"
        "@pytest.mark.stress\n@pytest.mark.stress_test\ndef test_b(): pass\n"
    )
    pytester.runpytest_inprocess().assert_outcomes(passed=2, warnings=1)


def test_a_bad_token_under_xdist(pytester):
    pytester.makepyfile(GOOD)
    result = pytester.runpytest_subprocess("-n1", "--concurrency-replay=zz")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        ["--concurrency-replay=zz: it is no replay token; paste the one that a failure printed."]
    )
    assert no_traceback_of_ours(result.stdout.str())
