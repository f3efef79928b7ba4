"""Controlled exploration of processes: what is wrong is found, shown, shortened and replayed; what is right passes."""

from __future__ import annotations

import json
import multiprocessing
import os
import re
import sys
from pathlib import Path
from typing import Any

import pytest

pytest_plugins = ["pytester"]

PROGRAMS = Path(__file__).with_name("programs.py")
QUIET = ("-p", "no:randomly")
CODES = {
    "wrong_assert": "CH110", "wrong_cond_lost": "CH106", "wrong_cond_lost_at_once": "CH106", "wrong_deadlock": "CH104",
    "wrong_queue_asked": "CH104",
    "wrong_claim_across_a_sleep": "CH110",
    "wrong_barrier_of_three": "CH104",
    "wrong_lock_never_released": "CH104",
    "wrong_lock_taken_twice": "CH104",
}  # fmt: skip
"""Hazards of the wrong programs; all others lose an update."""


def run(pytester: pytest.Pytester, *args: str) -> tuple[pytest.RunResult, list[dict[str, Any]]]:
    result = pytester.runpytest_subprocess(*QUIET, "--concurrency-report", "json:out.json", *args)
    return result, json.loads(Path(pytester.path, "out.json").read_text())["tests"]


@pytest.fixture
def programs(pytester: pytest.Pytester) -> pytest.Pytester:
    pytester.makepyfile(test_it=PROGRAMS.read_text())
    pytester.makeini("[pytest]\nconcurrency_repeats = 1\nconcurrency_start_method = fork")
    return pytester


def test_what_is_wrong_is_found_within_twenty_schedules(programs: pytest.Pytester) -> None:
    _, tests = run(programs, "-k", "wrong", "--concurrency-max-seconds", "60")
    found = {t["nodeid"].rpartition("test_")[2]: [h["code"] for h in t["hazards"]] for t in tests}
    assert found == {name: [CODES.get(name, "CH101")] for name in found}
    assert len(found) == 26
    assert all(t["schedules"] <= 20 for t in tests), tests
    for test in tests:
        (hazard,) = test["hazards"]
        assert hazard["replay"], test
        if hazard["code"] == "CH101":
            assert {location["worker"] for location in hazard["locations"]} == {"0", "1"}, hazard
            assert hazard["preemptions"] == (0 if "sleep" in test["nodeid"] else 1)
        assert "start" not in hazard["message"], hazard  # the library's way to the worker, not what it waits for


def test_what_is_right_passes(programs: pytest.Pytester) -> None:
    schedules = os.environ.get("SCHEDULES", "6")
    result, tests = run(
        programs, "-k", "right", "--concurrency-schedules", schedules, "--concurrency-max-seconds", "600"
    )
    assert [hazard for test in tests for hazard in test["hazards"]] == []
    assert {test["outcome"] for test in tests} == {"passed"}
    assert len(tests) >= 18
    assert result.ret == 0


COUNTER = """
import json, multiprocessing, pytest
ctx = multiprocessing.get_context("fork")
@pytest.fixture
def value():
    return ctx.Value("i", 0)
@pytest.mark.stress_processes(workers={workers}, repeats=1, max_seconds=60)
def test_it(value):
    value.value += 1
"""


@pytest.mark.parametrize("workers", [2, 4])
def test_a_lost_update_is_shortened_and_replayed(pytester: pytest.Pytester, workers: int) -> None:
    pytester.makepyfile(COUNTER.format(workers=workers))
    result, (test,) = run(pytester)
    (hazard,) = test["hazards"]
    assert (hazard["code"], hazard["preemptions"]) == ("CH101", 1)
    result.stdout.fnmatch_lines(["*value.value -> 0*", "*. switch*", "*value.value = 1*"])
    for _ in range(2):
        replayed, (again,) = run(pytester, "--concurrency-replay", hazard["replay"])
        assert again["schedules"] <= 2
        assert [h["message"] for h in again["hazards"]] == [hazard["message"]]
        assert "the replayed schedule fails as it did" in again["notes"]
        replayed.assert_outcomes(failed=1)


OWN = """
import multiprocessing, os, pytest
ctx = multiprocessing.get_context("fork")
def bump(total, lock):
    {guard}
        total.value += 1
@pytest.mark.stress_processes(workers=0, repeats=1, schedules=8, max_seconds=100)
def test_it():
    total, lock = ctx.Value("i", 0), ctx.Lock()
    first = ctx.Process(target=bump, args=(total, lock))
    first.start()
    pid = os.fork()
    if pid == 0:
        bump(total, lock)
        os._exit(0)
    os.waitpid(pid, 0)
    first.join()
"""


def test_processes_that_a_test_forks_itself_are_explored(pytester: pytest.Pytester) -> None:
    path = pytester.makepyfile(test_it=OWN.format(guard="if True:"))
    _, (test,) = run(pytester)
    (hazard,) = test["hazards"]
    assert (hazard["code"], hazard["preemptions"]) == ("CH101", 1)
    assert {location["worker"] for location in hazard["locations"]} == {"0", "1"}
    _, (again,) = run(pytester, "--concurrency-replay", hazard["replay"])
    assert [h["message"] for h in again["hazards"]] == [hazard["message"]]
    path.write_text(OWN.format(guard="with lock:"))
    result, (mended,) = run(pytester)
    assert (mended["hazards"], mended["schedules"]) == ([], 9)
    result.assert_outcomes(passed=1)


BESIDE = """
import multiprocessing, pytest
ctx = multiprocessing.get_context("fork")
def look(flag, seen):
    first = flag.value
    seen.value = 10 * first + flag.value
@pytest.mark.stress_processes(workers=0, repeats=1, max_seconds=60)
def test_it():
    flag, seen = ctx.Value("i", 0), ctx.Value("i", 0)
    child = ctx.Process(target=look, args=(flag, seen))
    child.start()
    flag.value = 1
    child.join()
    assert seen.value != {never}
"""


@pytest.mark.parametrize("never", [0, 1, 11])
def test_the_test_is_interrupted_after_its_fork(pytester: pytest.Pytester, never: int) -> None:
    pytester.makepyfile(test_it=BESIDE.format(never=never))
    _, (test,) = run(pytester)
    assert [hazard["code"] for hazard in test["hazards"]] == ["CH110"]


OWN_FILE = """
import multiprocessing, pytest, time
ctx = multiprocessing.get_context("fork")
@pytest.fixture
def path(tmp_path):
    tmp_path.joinpath("n").write_text("0")
    return tmp_path / "n"
def bump(path, wait):
    n = int(path.read_text())
    time.sleep(wait)
    path.write_text(str(n + 1))
@pytest.mark.stress_processes(workers=0, repeats=1, max_seconds=60)
def test_it(path):
    processes = [ctx.Process(target=bump, args=(path, {wait})) for _ in range(2)]
    for process in processes: process.start()
    for process in processes: process.join()
    assert {asserted}
"""


@pytest.mark.parametrize(("wait", "asserted"), [(0, "int(path.read_text()) <= 2"), (0.2, "path.read_text() == '2'")])
def test_what_a_test_starts_itself_is_explored_afresh(pytester: pytest.Pytester, wait: float, asserted: str) -> None:
    """Whether its first run, in real time, has passed or failed; and from fixtures that no run has used."""
    pytester.makepyfile(test_it=OWN_FILE.format(wait=wait, asserted=asserted))
    result, (test,) = run(pytester)
    (hazard,) = test["hazards"]
    assert (hazard["code"], bool(hazard["replay"])) == ("CH101", True)
    assert [note for note in test["notes"] if "Python's default" not in note] == []  # from 3.14 on that is not fork
    result.assert_outcomes(failed=1)


def test_what_exploring_took_is_not_taken_from_the_repeats(pytester: pytest.Pytester) -> None:
    """The first run shows that the test can be explored: exploring lies between it and the second."""
    pytester.makepyfile(
        test_it="""
        import multiprocessing, pytest, time
        ctx = multiprocessing.get_context("fork")
        def add(value):
            with value.get_lock():
                value.value += 1
        @pytest.mark.stress_processes(workers=0, repeats=3, schedules=100000, max_seconds=10)
        def test_it():
            value = ctx.Value("i")
            children = [ctx.Process(target=add, args=(value,)) for _ in range(4)]
            for child in children: child.start()
            for child in children: child.join()
        """
    )
    _, (test,) = run(pytester)
    assert test["verdict"] == "cut short"
    assert test["repeats"] == 3, test["notes"]


def test_what_fails_in_real_time_alone_fails_as_it_did(pytester: pytest.Pytester) -> None:
    program = OWN_FILE.format(wait=0, asserted="getattr(multiprocessing, 'again', None) or setattr(multiprocessing, "
                                               "'again', 1)")  # fmt: skip
    pytester.makepyfile(test_it=program.replace("path.write_text(str(n + 1))", "pass"))
    result, (test,) = run(pytester)
    assert test["hazards"] == []
    assert any("failed in a run in real time" in note for note in test["notes"])
    result.assert_outcomes(failed=1)


def test_what_fails_and_what_orders_has_a_row(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "120")
    pytester.makepyfile(
        test_it="""
        import multiprocessing, os, sqlite3
        ctx = multiprocessing.get_context("fork")
        def test_files(process_runner, tmp_path):
            def ensure():
                if not os.path.isdir(tmp_path / "out"):
                    os.mkdir(tmp_path / "out")
            process_runner.run(ensure, ensure)
        def test_queue(process_runner):
            q = ctx.SimpleQueue()
            q.put(7)
            def take():
                return [] if q.empty() else [q.get()]
            process_runner.run(take, take)
        def test_table(process_runner, tmp_path):
            with sqlite3.connect(tmp_path / "u") as c:
                c.execute("create table users(name)")
            def register():
                with sqlite3.connect(tmp_path / "u") as c:
                    if c.execute("select name from users").fetchone():
                        return False
                    c.execute("insert into users values(1)")
                    return True
            assert sorted(process_runner.run(register, register)) == [False, True]
        """
    )
    result, _ = run(pytester)
    result.stdout.fnmatch_lines(
        ["  stat out (FileNotFoundError) *", "*| * mkdir out *", "  mkdir out (FileExistsError) *"]
    )
    result.stdout.fnmatch_lines(["*empty q (False) *", "* get q (7) *"])
    result.stdout.fnmatch_lines(["  table users -> None *", "* table users -> None *"])


def test_a_value_that_locks_itself_once_more_frees_nothing(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    pytester.makepyfile(
        test_it="""
        import multiprocessing
        ctx = multiprocessing.get_context("fork")
        def move(a, b):
            with a.get_lock():
                a.value -= 1
                with b.get_lock():
                    b.value += 1
        def test_it(process_runner):
            a, b = ctx.Value("i", 5), ctx.Value("i", 5)
            process_runner.run(lambda: move(a, b), lambda: move(b, a))
        """
    )
    result, (test,) = run(pytester)
    (hazard,) = test["hazards"]
    assert hazard["code"] == "CH104"
    for number, holder in ((1, 0), (2, 1)):  # each waits for the one that is its b, which is the other's a
        assert f"for the lock b.get_lock() #{number} held by worker {holder}" in hazard["message"]
    assert "release" not in result.stdout.str()


def test_a_switch_at_a_change_of_a_directory_is_replayed(pytester: pytest.Pytester) -> None:
    """Entries of directories count where the program lists them, which a replay cannot know from runs before it."""
    pytester.makepyfile(
        test_it="""
        def test_spool(process_runner, tmp_path):
            for n in range(2):
                (tmp_path / f"{n}.job").write_text("")
            def claim():
                taken = []
                for job in sorted(tmp_path.glob("*.job")):
                    if job.exists():
                        taken.append(job.read_text())
                        job.unlink()
            process_runner.run(claim, claim)
        """
    )
    _, (test,) = run(pytester, "--concurrency-max-seconds", "60")
    (hazard,) = test["hazards"]
    _, (again,) = run(pytester, "--concurrency-replay", hazard["replay"])
    assert [h["code"] for h in again["hazards"]] == [hazard["code"]] == ["CH110"]


def test_a_mended_program_passes_its_replay_and_forgets_it(pytester: pytest.Pytester) -> None:
    path = pytester.makepyfile(test_it=COUNTER.format(workers=2))
    _, (test,) = run(pytester)
    source = path.read_text().replace("    value.value += 1", "    with value.get_lock():\n        value.value += 1")
    path.write_text(source)
    result, (again,) = run(pytester, "--concurrency-replay", test["hazards"][0]["replay"])
    result.assert_outcomes(passed=1)
    assert any(note.startswith("the replayed schedule no longer") for note in again["notes"])
    result, (remembered,) = run(pytester, "--concurrency-schedules", "4")
    result.assert_outcomes(passed=1)
    assert remembered["hazards"] == []
    assert not list(Path(pytester.path, ".pytest_cache").rglob("concurrency/*.json"))


def test_what_outlives_a_schedule_is_as_before_it(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import multiprocessing, pytest
        ctx = multiprocessing.get_context("fork")
        total, first, second = ctx.Value("i", 5), ctx.Lock(), ctx.Lock()
        def test_deadlock(process_runner):
            def one():
                with first:
                    with second: total.value = 0
            def other():
                with second:
                    with first: total.value = 0
            process_runner.run(one, other)
        def test_after():
            assert total.value == 5
            assert first.acquire(False) and second.acquire(False)
        """
    )
    result, (test,) = run(pytester)
    assert [h["code"] for h in test["hazards"]] == ["CH104"]
    result.assert_outcomes(passed=1, failed=1)


def test_nothing_is_left_of_an_exploration(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import builtins, ctypes, io, multiprocessing.queues, os, pytest, time
        from multiprocessing import sharedctypes, synchronize
        ctx = multiprocessing.get_context("fork")
        @pytest.fixture
        def value():
            return ctx.Value("i", 0)
        WATCHED = lambda: [builtins.open, io.open, os.open, os.replace, os.waitpid, time.sleep, time.monotonic,
            sharedctypes.Synchronized.value, synchronize.SemLock.__enter__, vars(synchronize.SemLock).get("acquire"),
            vars(ctypes.c_int).get("value"), multiprocessing.Process.join, multiprocessing.queues.Queue.get]
        before = WATCHED()
        files = len(os.listdir("/proc/self/fd")) if os.path.exists("/proc/self/fd") else 0
        @pytest.mark.stress_processes(workers=2, repeats=1)
        def test_it(value):
            value.value += 1
        def test_after():
            assert WATCHED() == before
            assert multiprocessing.active_children() == []
            with pytest.raises(ChildProcessError):
                os.waitpid(-1, os.WNOHANG)
            if files:
                assert len(os.listdir("/proc/self/fd")) <= files + 2
        """
    )
    result, _ = run(pytester)
    result.assert_outcomes(passed=1, failed=1)


@pytest.mark.parametrize("fork", [1, 2])
def test_an_interrupt_that_comes_during_a_fork_is_not_lost(pytester: pytest.Pytester, fork: int) -> None:
    """Python drops what the hooks of a fork raise. Nothing is left behind either: see the process that ends."""
    pytester.makepyfile(
        f"""
        import multiprocessing, os, signal
        ctx = multiprocessing.get_context("fork")
        forks = []
        def interrupt():
            forks.append(os.getpid())
            if len(forks) == {fork}:
                os.kill(os.getpid(), signal.SIGINT)
                sum(range(100))
        os.register_at_fork(after_in_parent=interrupt)
        def test_it(process_runner):
            value = ctx.Value("i", 0)
            def add():
                with value.get_lock():
                    value.value += 1
            process_runner.run(add, workers=2)
        """
    )
    result = pytester.runpytest_subprocess(*QUIET, "-o", "concurrency_start_method=fork")
    assert result.ret == pytest.ExitCode.INTERRUPTED
    if os.path.exists("/proc/self/stat"):
        here = str(pytester.path).encode()
        commands = (Path(entry, "cmdline") for entry in Path("/proc").glob("[0-9]*"))
        assert not [path for path in commands if here in _read(path)]


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""


def test_what_differs_from_run_to_run_is_no_lost_update(pytester: pytest.Pytester) -> None:
    """Each worker reads the file, and writes what does not depend on it; and so with a value."""
    pytester.makepyfile(
        """
        import multiprocessing, os, time, pytest
        ctx = multiprocessing.get_context("fork")
        @pytest.fixture
        def state(tmp_path):
            (tmp_path / "state").write_text("free")
            return tmp_path / "state", ctx.Value("d", 0)
        @pytest.mark.stress_processes(workers=2, repeats=1, schedules=10, max_seconds=60, start_method="fork")
        def test_it(state):
            path, seen = state
            if path.read_text():
                path.write_text(f"{os.getpid()} at {time.time()}")
            if seen.value < 10:
                seen.value = 10 + os.getpid()
        """
    )
    result, (test,) = run(pytester)
    assert test["hazards"] == []
    result.assert_outcomes(passed=1)


def test_it_is_said_why_no_further_schedules_were_explored(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import multiprocessing, pytest
        ctx = multiprocessing.get_context("fork")
        @pytest.fixture
        def value():
            return ctx.Value("i", 0)
        mark = pytest.mark.stress_processes(repeats=1, max_seconds=200, start_method="fork")
        def add(value):
            with value.get_lock():
                value.value += 1
        @mark
        def test_few_orders(value): add(value)
        @mark(schedules=5)
        def test_as_many_as_asked_for(value): add(value)
        @mark(schedules=50, max_seconds=0.1)
        def test_no_time(value): add(value)
        @mark
        def test_nothing_shared(): pass
        @mark(start_method="spawn")
        def test_not_explored(): pass
        """
    )
    _, tests = run(pytester)
    told = {test["nodeid"].partition("::test_")[2]: (test["verdict"], *test["notes"]) for test in tests}
    verdict, note = told.pop("few_orders")
    number = int(note.partition(" ")[0])
    assert (verdict, note) == ("explored", f"{number} schedules were explored: 25 in a row brought no new order")
    assert 27 < number < 200
    verdict, note = told.pop("no_time")
    assert verdict == "cut short"
    assert re.fullmatch(
        r"\d+ of 50 schedules were explored in \S+ s of max_seconds=0.1; max_seconds=\d+ is about what all of them take",
        note,
    )
    assert told == {
        "as_many_as_asked_for": ("explored",),
        "nothing_shared": ("explored", "the workers share nothing that is seen: no further schedules were explored"),
        "not_explored": (None, "schedules were not explored: start_method='spawn' was asked for"),
    }


LISTING = """
import os
def test_it(process_runner, tmp_path):
    inbox, done = tmp_path / "inbox", tmp_path / "done"
    inbox.mkdir(), done.mkdir()
    (inbox / "job").write_text("x")
    def drain():
        for path in {listed}:
            {guard}
                os.rename(path, done / path.name)
            {handler}
    process_runner.run(drain, workers=2)
    assert [path.name for path in done.iterdir()] == ["job"]
"""


@pytest.mark.parametrize("listed", ["[inbox / name for name in os.listdir(inbox)]", "sorted(inbox.glob('*'))"])
def test_what_a_listing_has_shown_may_be_gone(pytester: pytest.Pytester, listed: str) -> None:
    ini = ("-o", "concurrency_start_method=fork", "-o", "concurrency_repeats=1")
    path = pytester.makepyfile(LISTING.format(listed=listed, guard="if True:", handler="pass"))
    _, (test,) = run(pytester, *ini, "--concurrency-max-seconds", "60")
    (hazard,) = test["hazards"]
    assert (hazard["code"], hazard["preemptions"]) == ("CH110", 1)
    assert {location["line"] for location in hazard["locations"]} == {7, 9}
    path.write_text(LISTING.format(listed=listed, guard="try:", handler="except FileNotFoundError: pass"))
    _, (test,) = run(pytester, *ini, "--concurrency-schedules", "8")
    assert test["hazards"] == []


@pytest.mark.parametrize("strategy", ["dpor", "bounded"])
def test_a_strategy_that_processes_do_not_have_is_said(pytester: pytest.Pytester, strategy: str) -> None:
    pytester.makepyfile(
        f"""
        import multiprocessing, pytest
        ctx = multiprocessing.get_context("fork")
        @pytest.fixture
        def value():
            return ctx.Value("i", 0)
        @pytest.mark.stress_processes(strategy={strategy!r}, repeats=1, schedules=4, start_method="fork")
        def test_it(value):
            with value.get_lock():
                value.value += 1
        """
    )
    _, (test,) = run(pytester)
    assert f"strategy={strategy!r} is not for processes: their schedules were chosen as by 'auto'" in test["notes"]


def test_a_simple_queue_that_is_asked_whether_it_is_empty(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import multiprocessing
        ctx = multiprocessing.get_context("fork")
        def test_it(process_runner):
            jobs = ctx.SimpleQueue()
            jobs.put("job")
            def work():
                if not jobs.empty():
                    return jobs.get()
            process_runner.run(work, workers=2)
        """
    )
    _, (test,) = run(pytester)
    (hazard,) = test["hazards"]
    assert (hazard["code"], hazard["locations"][-1]["line"]) == ("CH104", 8)


@pytest.mark.parametrize("method", ["spawn", "forkserver"])
def test_other_start_methods_say_that_nothing_was_explored(pytester: pytest.Pytester, method: str) -> None:
    if method not in multiprocessing.get_all_start_methods():
        pytest.skip(f"no {method} on {sys.platform}")
    pytester.makepyfile(
        f"""
        import pytest
        @pytest.mark.stress_processes(workers=2, repeats=1, start_method={method!r})
        def test_it():
            pass
        """
    )
    result, (test,) = run(pytester)
    assert test["notes"] == [f"schedules were not explored: start_method={method!r} was asked for"]
    result.assert_outcomes(passed=1)


def test_the_process_of_greenlet_tests_is_no_helper_from_outside(pytester: pytest.Pytester) -> None:
    """It lives on beside the tests that follow, and will not bring what their workers wait for."""
    pytest.importorskip("gevent")
    pytester.makepyfile(
        test_first="""
        import pytest
        @pytest.mark.stress_greenlets(repeats=1)
        def test_greenlets(): pass
        """,
        test_second=PROGRAMS.read_text(),
    )
    _, tests = run(pytester, "test_first.py", "test_second.py::test_wrong_deadlock")
    (hazard,) = tests[-1]["hazards"]
    assert hazard["code"] == "CH104", hazard
    assert hazard["replay"]
    assert tests[-1]["seconds"] < 20


CLAIM = """
import sqlite3
from contextlib import closing
import pytest
def claim(path, owner):
    with closing(sqlite3.connect(path)) as db:
        (row,) = db.execute("SELECT id FROM jobs WHERE owner IS NULL ORDER BY id").fetchone()
        with db:
            db.execute("UPDATE jobs SET owner = ? WHERE id = ?", (owner, row))
        return row
def test_it(process_runner, tmp_path):
    path = tmp_path / "jobs.db"
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("CREATE TABLE jobs (id INTEGER PRIMARY KEY, owner TEXT)")
        db.executemany("INSERT INTO jobs (owner) VALUES (?)", [(None,)] * 3)
    first, second = process_runner.run(lambda: claim(path, "me"), lambda: claim(path, "me"))
    assert first != second
"""


def test_a_replay_tells_of_the_hazard_that_its_token_is_of(pytester: pytest.Pytester) -> None:
    """An update that was found to lose nothing is not lost in the replay, where nothing is found out."""
    pytester.makepyfile(test_it=CLAIM)
    _, (test,) = run(pytester)
    (hazard,) = test["hazards"]
    result, (again,) = run(pytester, f"--concurrency-replay={hazard['replay']}")
    assert [h["code"] for h in again["hazards"]] == [hazard["code"]] == ["CH110"]
    assert again["hazards"][0]["replay"] == hazard["replay"]
    result.stdout.fnmatch_lines(["*fails as it did"])


def test_a_worker_that_works_until_it_is_told_to_stop_lets_the_others_go_on(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        test_it="""
        import multiprocessing, pytest
        ctx = multiprocessing.get_context("fork")
        def work(done, started, stop):
            while not stop.is_set():
                with done.get_lock():
                    done.value += 1
                started.set()
        @pytest.mark.stress_processes(workers=0, repeats=1, max_seconds=100, schedules=3)
        def test_it():
            done, started, stop = ctx.Value("i", 0), ctx.Event(), ctx.Event()
            process = ctx.Process(target=work, args=(done, started, stop))
            process.start()
            started.wait()
            stop.set()
            process.join()
            assert done.value
        """
    )
    _, (test,) = run(pytester)
    assert (test["outcome"], test["schedules"], test["verdict"]) == ("passed", 4, "explored")


FORKSERVER = """
import multiprocessing
multiprocessing.get_all_start_methods = lambda: ["forkserver", "fork", "spawn"]
multiprocessing.set_start_method("forkserver", force=True)
"""


@pytest.mark.skipif("forkserver" not in multiprocessing.get_all_start_methods(), reason="no fork server")
@pytest.mark.parametrize(("context", "explored"), [("multiprocessing", True), ("forkserver", False)])
def test_processes_that_python_would_not_fork_are_forked_to_explore_them(
    pytester: pytest.Pytester, context: str, explored: bool
) -> None:
    pytester.makeconftest(FORKSERVER)
    asked = "multiprocessing" if explored else f'multiprocessing.get_context("{context}")'
    pytester.makepyfile(
        test_it=f"""
        import multiprocessing, pytest
        ctx = {asked}
        def put(path):
            if not path.exists():
                path.touch(exist_ok=False)
        @pytest.mark.stress_processes(workers=0, repeats=1, schedules=20, max_seconds=100)
        def test_it(tmp_path):
            processes = [ctx.Process(target=put, args=(tmp_path / "once",)) for _ in range(2)]
            for process in processes: process.start()
            for process in processes: process.join()
            assert [process.exitcode for process in processes] == [0, 0]
        """
    )
    _, (test,) = run(pytester)
    notes = "\n".join(test["notes"])
    assert ("CH110" in [hazard["code"] for hazard in test["hazards"]]) is explored
    assert ("explored with forked workers (forkserver is Python's default)" in notes) is explored
    assert ("a process by forkserver was started, which is watched only" in notes) is not explored


@pytest.mark.parametrize("clock", ["time", "time_ns", "monotonic", "monotonic_ns", "perf_counter", "perf_counter_ns"])
def test_every_clock_agrees_with_a_sleep(pytester: pytest.Pytester, clock: str) -> None:
    pytester.makepyfile(
        f"""
        import multiprocessing, pytest, time
        SECOND = 10**9 if "{clock}".endswith("_ns") else 1
        @pytest.fixture
        def value():
            return multiprocessing.get_context("fork").Value("i", 0)
        @pytest.mark.stress_processes(workers=2, repeats=1, start_method="fork", schedules=5)
        def test_it(value):
            begun = time.{clock}()
            time.sleep(0.3)
            with open("slept.txt", "a") as stream:
                stream.write(f"{{(time.{clock}() - begun) / SECOND}}\\n")
            with value.get_lock():
                value.value += 1
        """
    )
    result, _ = run(pytester)
    result.assert_outcomes(passed=1)
    slept = [float(line) for line in Path(pytester.path, "slept.txt").read_text().split()]
    assert len(slept) > 2 and min(slept) > 0.29


STRUCTURE = """
import ctypes
import multiprocessing as mp
import pytest
ctx = mp.get_context("fork")
class Point(ctypes.Structure):
    _fields_ = [("x", ctypes.c_int), ("y", ctypes.c_int)]
def move(point, lock):
    with lock:
        point.x += 1
@pytest.mark.stress_processes(workers=0, repeats=1)
def test_it():
    point = ctx.Value(Point, lock=False)
    locks = LOCKS
    started = [ctx.Process(target=move, args=(point, lock)) for lock in locks]
    for p in started: p.start()
    for p in started: p.join()
    assert [p.exitcode for p in started] == [0, 0]
"""


@pytest.mark.parametrize(
    ("locks", "codes"), [("[ctx.Lock()] * 2", []), ("[ctx.Lock(), ctx.Lock()]", ["CH101"])], ids=["one", "two"]
)
def test_structures_of_the_test_module_are_seen_in_every_schedule(
    pytester: pytest.Pytester, locks: str, codes: list[str]
) -> None:
    pytester.makepyfile(STRUCTURE.replace("LOCKS", locks))
    _, (test,) = run(pytester, "--concurrency-schedules", "8")
    assert [hazard["code"] for hazard in test["hazards"]] == codes
    assert test["outcome"] == ("failed" if codes else "passed")
    assert codes or test["schedules"] > 3


LEAKING = """
import multiprocessing, os, pytest
from multiprocessing import shared_memory
ctx = multiprocessing.get_context("fork")
def fill(name):
    other = shared_memory.SharedMemory(name=name)
    other.buf[0] = 7
    other.close()
@pytest.mark.stress_processes(workers=0, repeats=1, schedules=5)
def test_it():
    memory = shared_memory.SharedMemory(f"{os.environ['SEGMENT']}{os.getpid()}", create=True, size=16)
    started = [ctx.Process(target=fill, args=(memory.name,)) for _ in range(2)]
    for p in started: p.start()
    for p in started: p.join()
    memory.close()
    if os.getpid() == pytests_own: memory.unlink()
pytests_own = os.getpid()
"""


@pytest.mark.skipif(not os.path.isdir("/dev/shm"), reason="nothing lists the segments")
@pytest.mark.parametrize("before", ["", "memory = shared_memory.SharedMemory(create=True, size=1); memory.unlink()"])
def test_no_shared_memory_is_left_of_a_schedule(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, before: str
) -> None:
    monkeypatch.setenv("SEGMENT", f"left-{os.getpid()}-{len(before)}-")
    pytester.makepyfile(f"{LEAKING}\n{before}")
    result, (test,) = run(pytester)
    assert test["schedules"] > 2
    assert [name for name in os.listdir("/dev/shm") if name.startswith(os.environ["SEGMENT"])] == []
    assert "Traceback" not in result.stderr.str()
