"""The marker stress_processes and the fixture process_runner, through a real pytest."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

pytest_plugins = ["pytester"]

QUIET = ("-p", "no:randomly", "-p", "no:cacheprovider", "--concurrency-schedules", "2")


def report_of(pytester: pytest.Pytester, *args: str) -> tuple[pytest.RunResult, list[dict[str, Any]]]:
    result = pytester.runpytest_subprocess(*QUIET, "--concurrency-report", "json:out.json", *args)
    return result, json.loads(Path(pytester.path, "out.json").read_text())["tests"]


WORKERS = """
import multiprocessing, os, pytest
@pytest.fixture
def value():
    return multiprocessing.get_context({method!r}).Value("i", 0)
@pytest.fixture(scope="module")
def total():
    return multiprocessing.get_context({method!r}).Value("i", 0)
@pytest.mark.stress_processes(workers=3, repeats=2, start_method={method!r}, max_seconds=60)
def test_it(value, total):
    with value.get_lock():
        value.value += 1
    with total.get_lock():
        total.value += 1
    assert 1 <= value.value <= 3
def test_after(total):
    assert total.value == 6
"""


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_workers_share_the_fixtures_which_are_fresh_for_each_repeat(pytester: pytest.Pytester, method: str) -> None:
    pytester.makepyfile(WORKERS.format(method=method))
    result, tests = report_of(pytester)
    result.assert_outcomes(passed=2)
    assert tests[0]["repeats"] == 2
    assert tests[0]["hazards"] == []


@pytest.mark.parametrize("mode", ["prepend", "append", "importlib"])
def test_functions_of_tests_run_in_spawned_workers(pytester: pytest.Pytester, mode: str) -> None:
    pytester.makepyfile(
        **{
            "tests/deep/test_it": """
            class Point:
                def __init__(self, x): self.x = x
            def make(): return Point(3)
            class TestIt:
                def number(self): return 5
                def test_it(self, process_runner):
                    assert process_runner.run(make, lambda: 4, self.number)[1:] == [4, 5]
                    assert process_runner.run(make, workers=1)[0].x == 3
            def compare():
                assert [1, 2] == [1, 3]
            def test_introspection(process_runner):
                process_runner.run(compare, workers=1)
            """
        }
    )
    pytester.makeini("[pytest]\nconcurrency_start_method = spawn\nconcurrency_repeats = 1")
    result = pytester.runpytest_subprocess(*QUIET, "--import-mode", mode)
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["*At index 1 diff: 2 != 3*"])


def test_assertion_introspection_and_output_of_a_worker(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import pytest
        @pytest.mark.stress_processes(workers=2, start_method="fork")
        def test_it():
            print("what it wrote")
            numbers = [1, 2, 3]
            assert numbers == [1, 2, 4]
        """
    )
    result, tests = report_of(pytester)
    result.stdout.fnmatch_lines([">*assert numbers == *", "E *At index 2 diff: 3 != 4", "*what it wrote*"])
    assert tests[0]["outcome"] == "failed"
    assert tests[0]["repeats"] == 1


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("os._exit(3)", "exited with status 3"),
        ("os.kill(os.getpid(), signal.SIGKILL)", "killed by SIGKILL"),
        ("import ctypes; ctypes.string_at(0)", "killed by SIGSEGV"),
    ],
)
def test_a_worker_that_dies_is_reported_with_stack_and_output(
    pytester: pytest.Pytester, body: str, expected: str
) -> None:
    pytester.makepyfile(
        f"""
        import os, pytest, signal
        def end():
            {body}
        @pytest.mark.stress_processes(workers=2, start_method="fork")
        def test_it():
            print("before the end", flush=True)
            end()
        """
    )
    result, _ = report_of(pytester)
    result.stdout.fnmatch_lines([f"*{expected}*", "*line 3 in end", "*before the end"])


def test_a_worker_that_hangs_is_killed_and_reported(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    pytester.makepyfile(
        """
        import os, pytest, time
        @pytest.mark.stress_processes(workers=2, start_method="fork", timeout=1)
        def test_it(request):
            if os.fork() == 0:
                time.sleep(60)
            print("waiting", flush=True)
            open(f"pid-{os.getpid()}", "w").close()
            time.sleep(60)
        """
    )
    result, tests = report_of(pytester)
    result.stdout.fnmatch_lines(["*was killed*", "*in test_it", "*waiting"])
    assert [hazard["code"] for hazard in tests[0]["hazards"]] == ["CH409"]
    assert not list(tmp_path.glob("pytest-concurrency-*"))
    pids = [int(path.name.split("-")[1]) for path in pytester.path.glob("pid-*")]
    assert len(pids) >= 2  # and those of the explored schedules
    for pid in pids:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


def test_the_runner_raises_what_a_worker_raised(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import pytest
        def fail(): raise LookupError("gone")
        def fine(): return 1
        @pytest.mark.stress_processes(start_method="fork", repeats=1)
        def test_it(process_runner):
            with pytest.raises(LookupError, match="gone"):
                process_runner.run(fail, fine)
            with pytest.raises(ExceptionGroup) as info:
                process_runner.run(fail)
            assert len(info.value.exceptions) == 2
            error, value = process_runner.run(fail, fine, return_exceptions=True)
            assert isinstance(error, LookupError) and value == 1
            assert "in fail" not in str(error) and "LookupError" in error.__notes__[0]
            with pytest.raises(TypeError, match="pass the function"):
                process_runner.run(fine())
            assert process_runner.map(abs, [-1, 2]) == [1, 2]
            with pytest.raises(TypeError, match="lambda"):
                process_runner.run(lambda: (lambda: 1), workers=1)
        """
    )
    result, tests = report_of(pytester)
    result.assert_outcomes(passed=1)


def test_what_spawn_cannot_pickle_is_an_error_and_a_note_where_it_was_not_asked_for(
    pytester: pytest.Pytester,
) -> None:
    pytester.makepyfile(
        """
        import multiprocessing, threading, pytest
        @pytest.fixture
        def job(): return {"lock": threading.Lock()}
        @pytest.mark.stress_processes(start_method="spawn", repeats=1)
        def test_asked(job): pass
        @pytest.mark.stress_processes(repeats=1)
        def test_default(job): pass
        """
    )
    pytester.makeconftest("import multiprocessing\nmultiprocessing.set_start_method('spawn')")
    result, tests = report_of(pytester)
    assert [test["outcome"] for test in tests] == ["failed", "passed"]
    assert "fixture job['lock']" in tests[0]["hazards"][0]["message"]
    assert any("forked instead" in note for note in tests[1]["notes"])


def test_an_exception_with_an_init_of_its_own_is_raised_as_what_it_is(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import pytest
        class ApiError(Exception):
            def __init__(self, status, *, body):
                super().__init__(f"{status}: {body}")
                self.status = status
        def call(): raise ApiError(404, body="gone")
        def test_it(process_runner):
            with pytest.raises(ApiError, match="404: gone") as caught:
                process_runner.run(call, workers=1)
            assert caught.value.status == 404
        """
    )
    result, tests = report_of(pytester)
    result.assert_outcomes(passed=1)


def test_methods_of_a_testcase_are_refused(pytester: pytest.Pytester) -> None:
    """They used to run as if they were not marked."""
    pytester.makepyfile(
        """
        import pytest, unittest
        @pytest.mark.stress_processes
        class TestIt(unittest.TestCase):
            def test_one(self):
                pass
        """
    )
    result = pytester.runpytest_subprocess(*QUIET)
    assert result.ret == 4
    result.stderr.fnmatch_lines(["*::TestIt::test_one: stress_processes works on test functions*"])


def test_skip_in_a_worker_skips_the_test(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import pytest
        @pytest.mark.stress_processes(start_method="fork")
        def test_it(): pytest.skip("not here")
        """
    )
    report_of(pytester, "-rs")[0].assert_outcomes(skipped=1)


def test_nothing_is_left_behind_also_after_an_interrupt(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import multiprocessing, os, pathlib, pytest, time
        ctx = multiprocessing.get_context("fork")
        def wait(q):
            pathlib.Path(f"pid-{os.getpid()}").touch()
            time.sleep(60)
        @pytest.mark.stress_processes(workers=0)
        def test_it():
            q, lock = ctx.Queue(), ctx.Lock()
            ps = [ctx.Process(target=wait, args=(q,)) for _ in range(2)]
            for p in ps: p.start()
            for p in ps: p.join()
        """
    )
    scratch = pytester.mkdir("scratch")
    session = subprocess.Popen(
        [sys.executable, "-m", "pytest", *QUIET],
        cwd=pytester.path,
        stdout=subprocess.PIPE,
        env={**os.environ, "TMPDIR": str(scratch)},
    )
    end = time.monotonic() + 30
    while len(list(pytester.path.glob("pid-*"))) < 2 and time.monotonic() < end:
        time.sleep(0.02)
    session.send_signal(signal.SIGINT)
    out, _ = session.communicate(timeout=30)
    assert b"KeyboardInterrupt" in out
    pids = [int(path.name.split("-")[1]) for path in pytester.path.glob("pid-*")]
    assert len(pids) == 2
    for pid in pids:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)
    assert list(scratch.glob("pytest-concurrency-*")) == []


def test_patches_and_alarm_are_put_back(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import concurrent.futures, multiprocessing.connection, multiprocessing.pool, os, pytest, signal
        import subprocess
        from multiprocessing import connection, pool, process, reduction
        OWNERS = (
            process.BaseProcess, pool.Pool, pool.ApplyResult, os, subprocess.Popen, reduction, connection,
            reduction.ForkingPickler, concurrent.futures.Future, concurrent.futures.ProcessPoolExecutor,
        )
        def state():
            alarm = signal.getsignal(signal.SIGALRM), signal.getitimer(signal.ITIMER_REAL)
            return [dict(vars(owner)) for owner in OWNERS], alarm
        BEFORE = state()
        @pytest.mark.stress_processes(workers=0, repeats=1)
        def test_it(): raise ValueError
        def test_after(): assert state() == BEFORE
        """
    )
    report_of(pytester)[0].assert_outcomes(passed=1, failed=1)


def test_pytest_timeout_keeps_its_alarm(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import pytest, time
        @pytest.mark.timeout(1, method="signal")
        @pytest.mark.stress_processes(workers=0, timeout=30)
        def test_it(): time.sleep(20)
        """
    )
    result, _ = report_of(pytester)
    result.stdout.fnmatch_lines(["*Timeout*1.0s*"])


def test_workers_that_cannot_hand_over_their_items(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import multiprocessing, pytest
        @pytest.fixture
        def queue(): return multiprocessing.get_context("fork").Queue()
        @pytest.mark.stress_processes(start_method="fork", timeout=1, repeats=1)
        def test_it(queue): queue.put("x" * 1_000_000)
        """
    )
    _, tests = report_of(pytester)
    assert [hazard["code"] for hazard in tests[0]["hazards"]] == ["CH407"]


def test_items_that_nobody_reads_do_not_keep_the_session_from_ending(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import multiprocessing, pytest
        queue = multiprocessing.get_context("fork").Queue()
        @pytest.mark.stress_processes(workers=0, repeats=1)
        def test_it(): queue.put("x" * 1_000_000)
        """
    )
    result = pytester.runpytest_subprocess(*QUIET, timeout=60)
    result.assert_outcomes(passed=1)


def test_threads_of_the_test_are_not_copied_by_a_fork(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import threading, pytest
        @pytest.fixture
        def server():
            stop = threading.Event()
            def serve(): stop.wait()
            t = threading.Thread(target=serve, name="server"); t.start()
            yield 3
            stop.set(); t.join()
        @pytest.mark.stress_processes(start_method="fork", repeats=1)
        def test_it(server): assert server == 3
        """
    )
    result, tests = report_of(pytester, "-W", "error")
    result.assert_outcomes(passed=1)
    assert any("because server ran" in note for note in tests[0]["notes"])


def test_a_thread_of_a_test_that_hung_does_not_keep_the_session_from_ending(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import multiprocessing, pytest, threading, time
        @pytest.mark.stress_processes(workers=0, repeats=1, timeout=1)
        def test_it():
            stop = threading.Event()
            threading.Thread(target=stop.wait, name="flusher").start()
            child = multiprocessing.get_context("fork").Process(target=time.sleep, args=(600,))
            child.start()
            child.join()
            stop.set()
        """
    )
    result = pytester.runpytest_subprocess("-p", "no:randomly", timeout=60)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*still running when the test was stopped, and left behind: flusher"])


def test_coverage_measures_every_child(pytester: pytest.Pytester) -> None:
    pytest.importorskip("coverage", minversion="7.10")
    pytester.makepyfile(
        lib="""
        def in_worker():
            return 1
        def in_child():
            return 2
        def in_terminated():
            return 3
        """,
        test_it="""
        import multiprocessing as mp, time, pytest, lib
        @pytest.mark.stress_processes(workers=2, repeats=1, start_method="fork")
        def test_worker(): assert lib.in_worker() == 1
        def wait(ready):
            lib.in_terminated(); ready.set(); time.sleep(60)
        @pytest.mark.parametrize("method", ["fork", "spawn"])
        @pytest.mark.stress_processes(workers=0, repeats=1)
        def test_child(method):
            ctx = mp.get_context(method)
            p = ctx.Process(target=lib.in_child); p.start(); p.join()
            ready = ctx.Event()
            p = ctx.Process(target=wait, args=(ready,)); p.start(); ready.wait(); p.terminate(); p.join()
        """,
    )
    pytester.path.joinpath(".coveragerc").write_text(
        "[run]\nparallel = true\nsource = .\npatch = subprocess, _exit, fork\nsigterm = true\n"
    )
    python = [sys.executable, "-m"]
    assert pytester.run(*python, "coverage", "run", "-m", "pytest", *QUIET).ret == 0
    assert pytester.run(*python, "coverage", "combine", "-q").ret == 0
    pytester.run(*python, "coverage", "report", "--include=lib.py").stdout.fnmatch_lines(["lib.py*100%"])


def test_under_xdist(pytester: pytest.Pytester) -> None:
    pytest.importorskip("xdist")
    pytester.makepyfile(
        """
        import multiprocessing, pytest
        def work(): pass
        @pytest.mark.stress_processes(workers=0, repeats=2)
        def test_watched():
            p = multiprocessing.get_context("fork").Process(target=work); p.start(); p.join()
        @pytest.mark.stress_processes(workers=2, repeats=2, start_method="fork")
        def test_workers(): pass
        """
    )
    result, tests = report_of(pytester, "-n", "2", "-W", "ignore::DeprecationWarning")
    result.assert_outcomes(passed=2)
    assert [test["hazards"] for test in tests] == [[], []]
