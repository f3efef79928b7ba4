"""The patched worker process: what a session with greenlet tests looks like from outside."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
import xml.etree.ElementTree

import pytest

MIXED = """
    import os, sys, time
    import pytest

    @pytest.fixture(scope="module")
    def module_thing():
        print("module set up")
        yield os.getpid()
        print("module torn down")

    @pytest.fixture
    def afresh():
        return []

    @pytest.mark.stress_greenlets(repeats=3)
    def test_patched(module_thing):
        assert module_thing == os.getpid()
        assert "gevent" in time.sleep.__module__

    def test_plain():
        assert "gevent" not in sys.modules

    @pytest.mark.parametrize("value", ["a::b", "c/[d]"])
    def test_fixture(greenlet_runner, module_thing, afresh, tmp_path, record_property, value):
        record_property("value", value)
        print("hello", value)
        afresh.append(1)
        assert len(afresh) == 1
        assert greenlet_runner.run(lambda: 1, lambda: 2) == [1, 2]
        assert greenlet_runner.map(str, [3, 4]) == ["3", "4"]

    @pytest.mark.stress_greenlets
    def test_fails():
        number = 1
        assert number == 2

    @pytest.mark.stress_greenlets
    def test_skips():
        pytest.skip("not today")
"""


def test_a_mixed_session(stress):
    tests = stress("--junitxml=junit.xml", "-rs", test_mixed=MIXED)
    stress.result.assert_outcomes(passed=4, failed=1, skipped=1)
    stress.result.stdout.fnmatch_lines(["*assert 1 == 2*", "*not today*"])
    assert tests["test_patched"]["schedules"] == 3 + 4, "three repeats, and the orders of two workers"
    assert tests["test_fails"]["outcome"] == "failed"
    root = xml.etree.ElementTree.parse(stress.pytester.path / "junit.xml").getroot()
    properties = {p.get("name"): p.get("value") for p in root.iter("property")}
    assert properties["value"] == "c/[d]"
    assert [case.get("name") for case in root.iter("testcase") if case.find("failure") is not None] == ["test_fails"]


def test_output_is_not_captured_with_s(stress):
    stress("-s", "-k", "test_fixture", test_mixed=MIXED)
    output = stress.result.stdout.str()
    assert output.index("module set up") < output.index("hello a::b") < output.index("module torn down")


def test_first_failure_stops(stress):
    stress("-x", test_mixed=MIXED)
    stress.result.assert_outcomes(passed=4, failed=1)


def test_runs_under_xdist(stress):
    pytest.importorskip("xdist")
    stress("-n2", test_mixed=MIXED)
    stress.result.assert_outcomes(passed=4, failed=1, skipped=1)


def test_pdb_is_refused(stress):
    stress("--pdb", test_mixed=MIXED)
    assert stress.result.ret == pytest.ExitCode.USAGE_ERROR
    stress.result.stderr.fnmatch_lines(["*--pdb does not work for greenlet tests*"])


def test_coverage_of_the_worker_is_merged(stress):
    pytest.importorskip("pytest_cov")
    stress("--cov=.", "--cov-report=term-missing", "-k", "test_fixture", test_mixed=MIXED)
    (line,) = [row for row in stress.result.outlines if row.startswith("test_mixed.py ") and not row.endswith("]")]
    missed = set()
    for part in line.partition("%")[2].replace(" ", "").split(","):
        first, _, last = part.partition("-")
        missed.update(range(int(first), int(last or first) + 1))
    body = next(number for number, row in enumerate(MIXED.splitlines()) if "afresh.append" in row)
    other = next(number for number, row in enumerate(MIXED.splitlines()) if "assert number == 2" in row)
    assert body not in missed
    assert other in missed


def test_a_worker_that_dies_fails_its_test_alone(stress):
    stress(
        test_dies="""
        import os, pytest
        @pytest.mark.stress_greenlets
        def test_dies():
            os._exit(3)
        @pytest.mark.stress_greenlets
        def test_after():
            pass
        """
    )
    stress.result.assert_outcomes(passed=1, failed=1)
    stress.result.stdout.fnmatch_lines(["*the greenlet worker ended with exit status 3*"])


def test_warnings_that_are_errors(stress):
    stress.pytester.makeini("[pytest]\nfilterwarnings = error\n")
    tests = stress(
        test_strict="""
        import subprocess, warnings
        import pytest

        @pytest.mark.stress_greenlets(repeats=2)
        def test_forks():
            subprocess.run(["true"], check=True)

        @pytest.mark.stress_greenlets(repeats=2)
        def test_warns():
            warnings.warn("told")
        """
    )
    assert {name: test["outcome"] for name, test in tests.items()} == {"test_forks": "passed", "test_warns": "failed"}
    stress.result.stdout.fnmatch_lines(["*UserWarning: told*"])
    stress.result.stdout.no_fnmatch_line("*did not start*")


def test_time_out_says_who_waits(stress):
    tests = stress(
        test_slow="""
        import gevent, pytest, time
        from gevent.monkey import get_original
        real_sleep = get_original("time", "sleep")
        @pytest.mark.stress_greenlets(timeout=0.5)
        def test_cooperative():
            time.sleep(60)
        @pytest.mark.stress_greenlets(timeout=0.5)
        def test_blocked():
            real_sleep(60)
        def test_after():
            pass
        """
    )
    stress.result.assert_outcomes(passed=1, failed=2)
    stress.result.stdout.fnmatch_lines(
        ["*still running 0.5 s after its start*", "*greenlet 0.0 waits at test_slow.py:6 in time.sleep()*"]
    )
    assert [h["code"] for h in tests["test_blocked"]["hazards"]] == ["CH301"]


def test_a_plain_test_between_greenlet_tests_of_other_modules(stress):
    greenlet = "import pytest\n@pytest.mark.stress_greenlets(repeats=1)\ndef test_greenlet(): pass\n"
    plain = "def test_plain(): pass\n"
    stress(test_a=plain + greenlet, test_b=plain + greenlet, test_c=plain)
    stress.result.assert_outcomes(passed=5)


def test_nothing_stays_after_ctrl_c(stress):
    stress.pytester.makepyfile(
        """
        import pytest, time
        @pytest.fixture
        def thing():
            yield
            open("torn_down", "w").close()
        @pytest.mark.stress_greenlets(timeout=100)
        def test_long(thing):
            open("started", "w").close()
            time.sleep(100)
        """
    )
    path = stress.pytester.path
    process = subprocess.Popen(
        [sys.executable, "-m", "pytest", "-p", "no:randomly", "-p", "no:cacheprovider"],
        cwd=path,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "TMPDIR": str(path)},
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    deadline = time.monotonic() + 30
    while not (path / "started").exists():
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    output, _ = process.communicate(timeout=30)
    assert process.returncode == pytest.ExitCode.INTERRUPTED
    assert "KeyboardInterrupt" in output
    assert (path / "torn_down").exists()
    assert not list(path.glob("pytest-concurrency-*"))


def test_without_gevent_the_greenlet_tests_are_skipped(stress):
    stress.pytester.makeconftest(
        """
        import importlib.util
        real = importlib.util.find_spec
        importlib.util.find_spec = lambda name, *rest: None if name == "gevent" else real(name, *rest)
        """
    )
    stress("-rs", "-k", "test_patched or test_plain or test_fixture", test_mixed=MIXED)
    stress.result.assert_outcomes(passed=1, skipped=3)
    stress.result.stdout.fnmatch_lines(["*gevent is not installed*"])


def test_a_module_that_patches_itself_leaves_this_process_alone(stress):
    tests = stress(
        helper="""
        from time import sleep
        """,
        test_app="""
        import helper
        from gevent import monkey
        monkey.patch_all()
        import time, pytest
        @pytest.mark.stress_greenlets(repeats=2)
        def test_stale():
            helper.sleep(0.06)
        @pytest.mark.stress_greenlets(repeats=2)
        def test_fine():
            time.sleep(0.01)
        def test_plain():
            assert "gevent" not in (time.sleep.__module__ or "")
        """,
    )
    stress.result.assert_outcomes(passed=2, failed=1)
    assert [h["code"] for h in tests["test_stale"]["hazards"]] == ["CH301", "CH304"]
    late = tests["test_stale"]["hazards"][1]
    assert [(p["path"], p["line"]) for p in late["locations"]] == [("test_app.py", 3), ("helper.py", 1)]
    assert tests["test_fine"]["hazards"] == []


def test_a_fork_for_each_test(stress):
    tests = stress(
        test_fork="""
        import os, pytest
        seen = []
        fork = pytest.mark.stress_greenlets(isolation="fork", repeats=1, workers=1)
        @pytest.fixture(scope="module")
        def module_thing():
            return os.getpid()
        @fork
        @pytest.mark.parametrize("value", [1, 2])
        def test_fresh(value, module_thing):
            seen.append(value)
            assert seen == [value]
            assert module_thing == os.getpid()
        @fork
        def test_dies():
            os._exit(4)
        @fork
        def test_blocks():
            os.system("sleep 0.06")
        @pytest.mark.stress_greenlets(repeats=1)
        def test_worker():
            assert seen == []
        """
    )
    stress.result.assert_outcomes(passed=3, failed=2)
    stress.result.stdout.fnmatch_lines(["*fork of the greenlet worker ended with exit status 4*"])
    assert stress.codes(tests["test_blocks"]) == ["CH302"]


def test_a_wrong_argument_is_refused(stress):
    stress(
        test_wrong="""
        import pytest
        @pytest.mark.stress_greenlets(isolation="thread")
        def test_wrong(): pass
        """
    )
    assert stress.result.ret == pytest.ExitCode.USAGE_ERROR
    stress.result.stderr.fnmatch_lines(["*test_wrong*isolation='thread' is not one of worker, fork*"])


def test_hooks_of_other_plugins_work_in_the_worker(stress):
    stress(
        test_hooks="""
        import time, unittest, warnings
        import pytest
        mark = pytest.mark.stress_greenlets(repeats=2)
        @mark
        def test_warns():
            warnings.warn("a warning of the worker")
        @mark
        def test_compares():
            assert [1, 2, 3] == [1, 2, 4]
        @pytest.fixture
        def falls():
            yield
            raise ValueError("while tearing down")
        @mark
        def test_teardown(falls):
            pass
        @mark
        @pytest.mark.xfail(strict=True)
        def test_expected():
            assert False
        def test_runner_errors(greenlet_runner):
            def fail():
                raise KeyError
            with pytest.raises(KeyError):
                greenlet_runner.run(fail, lambda: 1)
            with pytest.raises(ExceptionGroup):
                greenlet_runner.run(fail, workers=2)
            (error,) = greenlet_runner.run(fail, workers=1, return_exceptions=True)
            assert isinstance(error, KeyError)
        """
    )
    stress.result.assert_outcomes(passed=2, failed=2, xfailed=1, warnings=2)
    stress.result.stdout.fnmatch_lines(["*At index 2 diff: 3 != 4*"])
    stress.result.stdout.fnmatch_lines(["*a warning of the worker*"])


def test_an_alarm_of_pytest_timeout_reaches_the_worker(stress):
    pytest.importorskip("pytest_timeout")
    stress(
        test_alarm="""
        import os, time
        import pytest
        @pytest.fixture(scope="module")
        def process():
            return os.getpid()
        @pytest.mark.timeout(1)
        @pytest.mark.stress_greenlets
        def test_slow(process):
            time.sleep(20)
        def test_after():
            pass
        """
    )
    stress.result.assert_outcomes(passed=1, failed=1)
    stress.result.stdout.fnmatch_lines(["*Timeout (>1.0s) from pytest-timeout*"])


def test_nothing_stays_between_repeats(stress):
    """Neither what watches, nor what the body left open: a server on a fixed port can be started again."""
    tests = stress(
        test_clean="""
        import gc, os, sys, time
        import gevent, gevent.socket, greenlet, pytest, socket

        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            PORT = probe.getsockname()[1]

        @pytest.fixture
        def clean():
            assert greenlet.gettrace() is None
            assert not [c for c in gc.callbacks if "pytest_concurrency" in repr(getattr(c, "__self__", ""))]
            assert "closedpeer" not in gevent.socket.socket.recv.__code__.co_filename
            end = time.monotonic() + 5  # the kernel forgets a thread a moment after it was joined
            while len(os.listdir("/proc/self/task")) > 1 and time.monotonic() < end:
                os.sched_yield()
            assert len(os.listdir("/proc/self/task")) == 1
            if sys.version_info >= (3, 12):
                assert not [i for i in range(6) if "greenlets" in (sys.monitoring.get_tool(i) or "")]

        def server():
            listener = socket.socket()
            listener.bind(("127.0.0.1", PORT))
            listener.listen()
            while True:
                conn, _ = listener.accept()
                gevent.spawn(conn.recv, 10)

        @pytest.mark.stress_greenlets(repeats=3, workers=0)
        def test_again(clean):
            gevent.spawn(server)
            gevent.sleep(0)
            with socket.socket() as conn:
                conn.connect(("127.0.0.1", PORT))
                conn.sendall(b"x")
                gevent.sleep(0.005)
            os.system("sleep 0.03")
        """
    )
    assert tests["test_again"]["schedules"] == 3
    assert stress.codes(tests["test_again"]) == ["CH302"]
    assert "Address already in use" not in stress.result.stdout.str()


def test_plugins_that_tell_workers_of_xdist_something_tell_the_worker(pytester):
    """As pytest-rerunfailures does: without the number of its socket its worker does not start."""
    pytest.importorskip("gevent")
    pytest.importorskip("xdist")
    pytester.makeconftest(
        """
        import pytest

        class Told:
            @pytest.hookimpl(optionalhook=True)
            def pytest_configure_node(self, node):
                node.workerinput["answer"] = node.config.answer

        class Broken:
            @pytest.hookimpl(optionalhook=True)
            def pytest_configure_node(self, node):
                node.gateway.remote_exec("1")

        def pytest_configure(config):
            if hasattr(config, "workerinput"):
                config.answer = config.workerinput["answer"]
                return
            config.answer = 42
            config.pluginmanager.register(Told())
            config.pluginmanager.register(Broken())

        @pytest.fixture
        def answer(pytestconfig):
            return pytestconfig.answer
        """
    )
    pytester.makepyfile(
        "import pytest\n@pytest.mark.stress_greenlets(repeats=2)\ndef test_answer(answer):\n    assert answer == 42\n"
    )
    pytester.runpytest_subprocess("-p", "no:randomly", timeout=90).assert_outcomes(passed=1)


WATCHED = """
    import gc, time
    from pytest_concurrency.runners.greenlets.evidence import Who
    from pytest_concurrency.runners.greenlets.kernel import native_threads
    from pytest_concurrency.runners.greenlets.monitor import Monitor

    def monitor(max_block):
        return Monitor(max_block, lambda greenlet: Who("0"), 10.0, lambda: None)

    before = native_threads()
    for _ in range(100):
        watch = monitor(0.01)
        watch.start()
        watch.stop()
        assert native_threads() == before

    watch = monitor(0.0)
    watch.start()
    for _ in range(10):
        gc.collect()
    gc.set_threshold(1, 1, 1)
    for _ in range(150):
        watch.begin_anew()
    gc.set_threshold(700, 10, 10)
    watch.stop()

    watch = monitor(0.001)
    watch.start()
    began = time.perf_counter()
    while time.perf_counter() < began + 0.02:
        pass
    watch.set_aside(0.015)
    watch.begin_anew()
    assert watch.blocks[-1].seconds <= time.perf_counter() - began - 0.015 + 0.001
    watch.begin_anew()
    watch.stop()
"""


def test_watching_leaves_no_thread_bears_a_garbage_collection_and_takes_off_what_it_costs(stress):
    program = stress.pytester.makepyfile(watched=textwrap.dedent(WATCHED))
    assert stress.pytester.run(sys.executable, program).ret == 0


LOOKED_AT = """
    import _thread, gc, sys, time
    from pytest_concurrency.runners.greenlets import monitor
    from pytest_concurrency.runners.greenlets.evidence import Who

    watch = monitor.Monitor(10.0, lambda greenlet: Who("0"), 60.0, lambda: None)
    watch.start()
    main, clock = _thread.get_ident(), monitor.perf_counter
    held = _thread.allocate_lock()
    held.acquire()

    def look():
        while sys._current_frames()[main].f_code.co_name != "_on_collection":
            time.sleep(0.001)
        watch._sample(watch.switches, 0.0)
        monitor.perf_counter = clock
        held.release()

    _thread.start_new_thread(look, ())
    monitor.perf_counter = held.acquire  # so that the collection lasts until somebody has looked
    gc.collect()
    assert watch._samples[-1].frames[0].code.co_name == "<module>", watch._samples
    watch.stop()
"""


def test_who_is_seen_in_a_garbage_collection_is_who_made_it_necessary(stress):
    program = stress.pytester.makepyfile(looked_at=textwrap.dedent(LOOKED_AT))
    assert stress.pytester.run(sys.executable, program, timeout=60).ret == 0
