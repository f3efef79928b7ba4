"""The marker, driven through a real pytest. Verdicts that noise could change are not asserted."""

import json

import pytest

pytest_plugins = ["pytester"]

SERIALISED = """
    import threading, time
    import pytest

    lock = threading.Lock()

    @pytest.mark.parallelism(workers=3{arguments})
    def test_it():
        lock.acquire()
        time.sleep(0.03)
        lock.release()
"""


def run(pytester, source, *arguments, **settings):
    pytester.makepyfile(source)
    return pytester.runpytest_subprocess("-p", "no:cacheprovider", *arguments, **settings)


def report(pytester):
    return json.loads((pytester.path / "out.json").read_text())["tests"]


def test_a_lock_around_the_whole_body_is_a_warning_with_its_lines(pytester):
    result = run(pytester, SERIALISED.format(arguments=""), "--concurrency-report=json:out.json")
    result.assert_outcomes(passed=1)
    (test,) = report(pytester)
    (hazard,) = test["hazards"]
    assert (hazard["code"], hazard["severity"]) == ("CH202", "warning")
    locations = hazard["locations"]
    places = [(each["path"].rpartition("/")[2], each["line"], each["action"]) for each in locations]
    name = next(pytester.path.glob("test_*.py")).name
    assert places == [(name, 8, "acquire"), (name, 4, "create")]
    assert test["parallelism"]["verdict"] == "serialised (CH202)"
    result.stdout.fnmatch_lines(["*CH202 serialised by one lock: 3 *", "test * workers *", "*test_it*3*"])


def test_a_code_made_an_error_fails_the_test_and_an_ignored_one_is_silent(pytester):
    pytester.makeini("[pytest]\nconcurrency_error = CH202\n")
    result = run(pytester, SERIALISED.format(arguments=""))
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*CH202 serialised by one lock*"])
    result = run(pytester, SERIALISED.format(arguments=", ignore=['CH202']"))
    result.assert_outcomes(passed=1)
    result.stdout.no_fnmatch_line("*CH202 serialised by one lock:*")


def test_min_speedup_fails_a_test_that_takes_turns(pytester):
    result = run(pytester, SERIALISED.format(arguments=", min_speedup=2"))
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*3 threads give a speed-up of *x, less than min_speedup=2.*"])


def test_ten_sleepers_are_fine_and_the_table_has_their_gain(pytester):
    source = """
        import time
        import pytest

        @pytest.mark.parallelism(workers=10, min_speedup=3)
        def test_it():
            time.sleep(1)
    """
    result = run(pytester, source, "--concurrency-report=json:out.json")
    result.assert_outcomes(passed=1)
    (test,) = report(pytester)
    assert test["hazards"] == []
    assert test["parallelism"]["verdict"] == "parallel"
    assert test["parallelism"]["speedup"] > 7


def test_an_accept_loop_that_joins_each_handler(pytester):
    source = """
        import socket, threading
        import pytest

        def handle(connection):
            with connection:
                connection.sendall(connection.recv(10))

        def serve(server, count):
            for _ in range(count):
                connection, _address = server.accept()
                thread = threading.Thread(target=handle, args=(connection,))
                thread.start()
                thread.join()

        def ask(address):
            with socket.create_connection(address) as connection:
                connection.sendall(b"x")
                assert connection.recv(10) == b"x"

        @pytest.mark.parallelism(workers=0)
        def test_it():
            with socket.create_server(("127.0.0.1", 0)) as server:
                threads = [threading.Thread(target=serve, args=(server, 4))]
                threads += [threading.Thread(target=ask, args=(server.getsockname(),)) for _ in range(4)]
                for thread in threads:
                    thread.start()
                for thread in threads:
                    thread.join()
    """
    result = run(pytester, source, "--concurrency-report=json:out.json")
    result.assert_outcomes(passed=1)
    (test,) = report(pytester)
    # on a busy machine the little work of the handlers may be measured, too, and called small (CH204)
    (hazard,) = [each for each in test["hazards"] if each["code"] == "CH203"]
    assert [each["line"] for each in hazard["locations"]] == [12]


def test_fixtures_parameters_classes_and_unittest(pytester):
    source = """
        import threading, time, unittest
        import pytest

        @pytest.fixture
        def seen():
            names = set()
            yield names
            assert len(names) > 1

        @pytest.mark.parallelism(workers=2)
        @pytest.mark.parametrize("seconds", [0.03, 0.04])
        def test_function(seen, seconds):
            seen.add(threading.current_thread().ident)
            time.sleep(seconds)

        class TestClass:
            @pytest.mark.parallelism(workers=2)
            def test_method(self):
                time.sleep(0.03)

        class Case(unittest.TestCase):
            @pytest.mark.parallelism(workers=2)
            def test_case(self):
                assert threading.current_thread() is not threading.main_thread()
                time.sleep(0.03)
    """
    result = run(pytester, source)
    result.assert_outcomes(passed=4)
    result.stdout.fnmatch_lines(["*4 tests stressed*no hazard"])


def test_failures_skips_and_expected_failures_are_those_of_pytest(pytester):
    source = """
        import pytest

        @pytest.mark.parallelism
        def test_fails():
            left = 1
            assert left == 2

        @pytest.mark.parallelism
        def test_skips():
            pytest.skip("not today")

        @pytest.mark.xfail(strict=True)
        @pytest.mark.parallelism
        def test_expected():
            raise ValueError
    """
    result = run(pytester, source)
    result.assert_outcomes(failed=1, skipped=1, xfailed=1)
    result.stdout.fnmatch_lines(["*assert 1 == 2*"])


def test_a_body_that_never_ends_fails_with_its_stack(pytester):
    source = """
        import threading
        import pytest

        @pytest.mark.parallelism(max_seconds=0.2, timeout=1)
        def test_it():
            threading.Event().wait()
    """
    result = run(pytester, source, timeout=60)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*had not ended in time*", "*threading.Event().wait()*"])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("workers=1", "*::test_it: parallelism: workers=1 is not at least 2, or 0 for a body*"),
        ("workers=-1", "*::test_it: parallelism: workers=-1 is not a whole number of at least 0.*"),
        ("min_speedup=0", "*::test_it: parallelism: min_speedup=0 is not a number greater than 0.*"),
        ("max_seconds='soon'", "*::test_it: parallelism: max_seconds='soon' is not a number of seconds*"),
        ("schedules=3", "*::test_it: parallelism has no argument 'schedules'; it takes workers, *"),
        ("ignore=['CH999']", "*::test_it: parallelism: ignore=*CH999*"),
        ("4", "*::test_it: parallelism takes keyword arguments only, not 4; write parallelism(workers=4)*"),
    ],
)
def test_wrong_arguments_are_usage_errors(pytester, arguments, message):
    source = f"""
        import pytest

        @pytest.mark.parallelism({arguments})
        def test_it():
            pass
    """
    pytester.makepyfile(source)
    result = pytester.runpytest("-p", "no:cacheprovider")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([message])


def test_nothing_is_imported_or_measured_without_the_marker(pytester):
    source = """
        import sys, threading

        def test_it():
            assert not [name for name in sys.modules if name.startswith("pytest_concurrency.parallelism")]
            assert "pytest_concurrency.runners.parallelism" not in sys.modules
            assert threading.Thread.start.__module__ == "threading"
            assert not hasattr(threading.Thread.start, "__wrapped__")
    """
    result = run(pytester, source)
    result.assert_outcomes(passed=1)
    result.stdout.no_fnmatch_line("*concurrency ===*")


def test_the_table_comes_with_xdist_too(pytester):
    pytest.importorskip("xdist")
    result = run(pytester, SERIALISED.format(arguments=""), "-n1")
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["test * workers *alone*", "*test_it*3*"])
