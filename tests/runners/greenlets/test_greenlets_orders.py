"""Exploring the order in which ready greenlets run."""

from __future__ import annotations

import re

from pytest_concurrency.trace.outcome import Row

BUGS = """
    import gevent, pytest, socket, time
    from gevent.event import Event
    from gevent.lock import RLock, Semaphore

    class Account:
        def __init__(self):
            self.balance = 100

        def withdraw(self, amount):
            if self.balance >= amount:
                gevent.sleep(10)
                self.balance -= amount

    def test_check_then_act(greenlet_runner):
        account = Account()
        start = time.monotonic()
        greenlet_runner.run(lambda: account.withdraw(60), lambda: account.withdraw(60))
        assert account.balance >= 0
        assert time.monotonic() - start >= 10

    @pytest.mark.stress_greenlets(workers=2)
    def test_lost_update(account):
        old = account.balance
        gevent.sleep(0)
        account.balance = old + 1

    @pytest.fixture
    def account():
        return Account()

    def test_another_order(greenlet_runner):
        settings = {"host": "a", "port": 1}
        def update():
            settings["host"] = "b"
            gevent.sleep(0.001)
            settings["port"] = 2
        def read():
            assert (settings["host"], settings["port"]) in (("a", 1), ("b", 2))
        greenlet_runner.run(read, update)

    def test_deadlock_in_another_order(greenlet_runner):
        lock, done = RLock(), Event()
        def waits():
            with lock:
                done.wait()
        def tells():
            with lock:
                done.set()
        greenlet_runner.run(tells, waits)

    @pytest.mark.stress_greenlets(workers=0)
    def test_across_a_socket():
        stock, sold = {"left": 1}, []
        def buy(who):
            ours, theirs = socket.socketpair()
            with ours, theirs:
                gevent.spawn(theirs.sendall, b"paid")
                if stock["left"] > 0:
                    ours.recv(4)
                    stock["left"] -= 1
                    sold.append(who)
        gevent.joinall([gevent.spawn(buy, who) for who in "ab"], raise_error=True)
        assert sold == ["a"]

    def test_sleeps_that_end_together(greenlet_runner):
        account = Account()
        def deposit():
            gevent.sleep(0.01)
            balance = account.balance
            gevent.sleep(0)  # the other's sleep is over as well, and its timer is served before this
            account.balance = balance + 1
        greenlet_runner.run(deposit, deposit)

    @pytest.mark.stress_greenlets(workers=0)
    def test_started_later():
        account = Account()
        def deposit():
            balance = account.balance
            gevent.sleep(0.002)
            account.balance = balance + 1
        gevent.joinall([gevent.spawn_later(0.001, deposit), gevent.spawn_later(0.002, deposit)])

    @pytest.mark.stress_greenlets(workers=0)
    def test_beside_greenlets_that_never_end():
        cache, loads, beats = {}, [], []
        ours, theirs = socket.socketpair()
        def beat():
            while True:
                gevent.sleep(0.01)
                beats.append(1)
        def answer():
            while request := theirs.recv(1):
                theirs.sendall(request)
        def load(key):
            if key not in cache:
                gevent.sleep(0.005)
                loads.append(key)
                cache[key] = 1
        def ask():
            ours.sendall(b"a")
            return ours.recv(1)
        served = [gevent.spawn(beat), gevent.spawn(answer)]
        with ours, theirs:
            gevent.joinall([gevent.spawn(load, "a"), gevent.spawn(load, "a"), gevent.spawn(ask)], raise_error=True)
            gevent.killall(served)
        assert loads == ["a"]

    def test_ordinary_failure(greenlet_runner):
        def fail():
            gevent.sleep(0.001)
            raise ValueError("in any order")
        greenlet_runner.run(fail, lambda: None)
"""


def test_what_depends_on_the_order(stress):
    short = BUGS.replace("gevent.sleep(10)", "gevent.sleep(0.1)").replace(">= 10", ">= 0.1")
    tests = stress(test_bugs=short)
    codes = {name: sorted(stress.codes(test)) for name, test in tests.items()}
    assert codes == {
        "test_check_then_act": ["CH102", "CH110"],
        "test_lost_update": ["CH101"],
        "test_another_order": ["CH110"],
        "test_deadlock_in_another_order": ["CH104"],
        "test_across_a_socket": ["CH102", "CH110"],
        "test_sleeps_that_end_together": ["CH101"],
        "test_started_later": ["CH101"],
        "test_beside_greenlets_that_never_end": ["CH102", "CH110"],
        "test_ordinary_failure": [],
    }
    hazards = {name: test["hazards"][0] for name, test in tests.items() if test["hazards"]}
    lanes = hazards["test_check_then_act"]["detail"]
    assert re.search(r"greenlet 0\.0 +greenlet 0\.1 +source", lanes)
    assert re.search(r"yields in (gevent\.)?sleep\(\)", lanes)
    (cause,) = [h for h in tests["test_check_then_act"]["hazards"] if h["code"] == "CH102"]
    assert cause["message"].startswith("greenlet 0.1 looked at Account.balance (-> 100)")
    lost = hazards["test_lost_update"]
    assert [(row["worker"], row["action"], row["value"]) for row in lost["locations"]] == [
        ("0.1", "read", "100"), ("0.0", "write", "101"), ("0.1", "write", "101"),
    ]  # fmt: skip
    assert hazards["test_another_order"]["preemptions"] == 1
    deadlock = hazards["test_deadlock_in_another_order"]
    assert "held by greenlet 0.1" in deadlock["message"]
    assert tests["test_ordinary_failure"]["outcome"] == "failed"
    stress.result.stdout.no_fnmatch_line("*in run_at_once")

    replay = hazards["test_another_order"]["replay"]
    again = stress(f"--concurrency-replay={replay}", test_bugs=short)
    assert list(again) == ["test_another_order"]
    assert stress.codes(again["test_another_order"]) == ["CH110"]
    assert again["test_another_order"]["schedules"] == 1
    mended = short.replace('settings["host"] = "b"', 'settings["host"], settings["port"] = "b", 2')
    again = stress(f"--concurrency-replay={replay}", test_bugs=mended)
    assert again["test_another_order"]["outcome"] == "passed"
    assert "the replayed order no longer fails" in again["test_another_order"]["notes"]


THREE_AT_ONCE = """
    import gevent

    class Account:
        def __init__(self):
            self.balance = 100
            self.moves = 0

        def withdraw(self, amount):
            if self.balance >= amount:
                moves = self.moves
                gevent.sleep(0)
                self.moves = moves + 1
                self.balance -= amount

    def test_account(greenlet_runner):
        account = Account()
        greenlet_runner.run(lambda: account.withdraw(60), lambda: account.withdraw(60))
        assert account.balance >= 0

    def test_moves(greenlet_runner):
        account = Account()
        greenlet_runner.run(lambda: account.withdraw(20), lambda: account.withdraw(30))
        assert account.moves == 2
"""


def test_a_failure_shows_its_lanes_once_and_names_what_else_they_show(stress):
    tests = stress(test_three=THREE_AT_ONCE)
    assert sorted(stress.codes(tests["test_account"])) == ["CH102", "CH110"]
    assert sorted(stress.codes(tests["test_moves"])) == ["CH101", "CH102", "CH110"]
    cause = next(h for h in tests["test_account"]["hazards"] if h["code"] == "CH102")
    assert "looked at Account.balance" in cause["message"]  # what the test asserts of, not what else was torn
    assert all("greenlet 0.0  " in hazard["detail"] for test in tests.values() for hazard in test["hazards"])
    shown = stress.result.stdout.str()
    assert len(re.findall(r"greenlet 0\.0 +greenlet 0\.1 +source", shown)) == 2
    failures = shown[: shown.index("= concurrency =")]
    for code, times in (("CH101", 1), ("CH102", 2)):
        assert len(re.findall(f"^With it: {code} ", failures, re.M)) == times
        assert len(re.findall(f"^    Fix of {code}: ", failures, re.M)) == times


CORRECT = """
    import gevent, logging, pytest, queue, random, signal, socket, time
    from gevent.lock import Semaphore

    own = pytest.mark.stress_greenlets(workers=0, repeats=2)

    @own
    def test_spawn_order():
        seen = []
        gevent.joinall([gevent.spawn(seen.append, number) for number in range(4)])
        assert seen == [0, 1, 2, 3]

    @own
    def test_sleeps_end_in_their_order():
        seen = []
        def sleeper(number):
            gevent.sleep(number / 200)
            seen.append(number)
        gevent.joinall([gevent.spawn(sleeper, number) for number in (3, 1, 2)])
        assert seen == [1, 2, 3]

    @own
    def test_clocks_agree_with_timers():
        waiting, start = queue.Queue(), time.monotonic()
        gevent.spawn_later(0.06, waiting.put, 1)
        with pytest.raises(queue.Empty):
            waiting.get(timeout=0.02)
        assert 0.02 <= time.monotonic() - start < 0.06
        assert waiting.get(timeout=5) == 1

    @own
    def test_signals_come_when_they_come():
        got = []
        before = signal.signal(signal.SIGALRM, lambda *args: got.append(1))
        signal.setitimer(signal.ITIMER_REAL, 0.01)
        gevent.sleep(0.1)
        signal.signal(signal.SIGALRM, before)
        assert got == [1]

    @pytest.mark.stress_greenlets(repeats=2)
    def test_sleep_before_reading(greenlet_runner):
        box = {}
        def writes():
            gevent.sleep(0.005)
            box["value"] = 1
        def reads():
            gevent.sleep(0.02)
            assert box["value"] == 1
        greenlet_runner.run(writes, reads)

    @pytest.mark.stress_greenlets(repeats=2)
    def test_polls_without_sleeping(greenlet_runner):
        box = {}
        def writes():
            gevent.sleep(0.005)
            box["value"] = 1
        def reads():
            while "value" not in box:
                gevent.sleep(0)
        greenlet_runner.run(writes, reads)

    @pytest.mark.stress_greenlets(repeats=2)
    def test_waits_for_the_clock_without_giving_way(greenlet_runner):
        done = []
        def burn():
            end = time.perf_counter() + 0.003
            while time.perf_counter() < end:
                pass
            done.append(1)
        greenlet_runner.run(burn, burn)
        assert len(done) == 2

    @pytest.mark.stress_greenlets(repeats=2)
    def test_locked(greenlet_runner):
        lock, box = Semaphore(), {"value": 0}
        def add():
            with lock:
                old = box["value"]
                gevent.sleep(random.random() / 1000)
                box["value"] = old + 1
        greenlet_runner.run(add, workers=3)
        assert box["value"] == 3

    @pytest.mark.stress_greenlets(repeats=2)
    def test_the_highest_of_all(greenlet_runner):
        box = {"high": 0}
        def offer(number):
            old = box["high"]
            gevent.sleep(0)
            box["high"] = max(box["high"], old, number)
        greenlet_runner.map(offer, [2, 1])

    @own
    def test_recv_is_all_that_a_greenlet_runs():
        ours, theirs = socket.socketpair()
        reader = gevent.spawn(ours.recv, 10)
        gevent.sleep(0.001)
        theirs.close()
        assert reader.get(timeout=5) == b""
        ours.close()

    class TestEachRunBeginsAlike:
        seen = None

        @own
        def test_instance_and_log(self, caplog):
            assert self.seen is None
            self.seen = gevent.spawn(logging.warning, "once")
            self.seen.get()
            assert [record.getMessage() for record in caplog.records] == ["once"]

    @pytest.fixture
    def calls():
        calls = []
        yield calls
        assert calls == [1, 1]

    @pytest.mark.stress_greenlets(workers=2, repeats=2)
    def test_a_fixture_looks_at_what_the_test_has_done(calls):
        calls.append(1)

    @pytest.fixture(scope="module")
    def beats():
        beats = []
        def beat():
            while True:
                beats.append(1)
                gevent.sleep(0.005)
        greenlet = gevent.spawn(beat)
        yield beats
        greenlet.kill()

    @pytest.mark.parametrize("again", [False, True])
    @pytest.mark.stress_greenlets(repeats=2)
    def test_what_outlives_a_test_goes_on(beats, greenlet_runner, again):
        greenlet_runner.run(lambda: gevent.sleep(0.001), workers=2)
        del beats[:]
        gevent.sleep(0.05)
        assert beats

    @pytest.mark.stress_greenlets(workers=3, repeats=2)
    def test_server(address):
        with socket.create_connection(address, timeout=5) as connection:
            connection.sendall(b"hello")
            assert connection.recv(10) == b"hello"

    @pytest.fixture
    def address():
        from gevent.server import StreamServer
        server = StreamServer(("127.0.0.1", 0), lambda conn, _: (conn.sendall(conn.recv(10)), conn.close()))
        server.start()
        yield server.address
        server.stop()
"""


def test_correct_programs_are_silent_in_every_order(stress):
    tests = stress("--concurrency-max-seconds=2", test_correct=CORRECT)
    stress.result.assert_outcomes(passed=15)
    assert {name: stress.codes(test) for name, test in tests.items() if test["hazards"]} == {}
    notes = {name: " ".join(test["notes"]) for name, test in tests.items()}
    assert "in one order only (virtual time)" in notes["test_spawn_order"]
    assert "real time" in notes["test_server"]
    assert "orders" in notes["test_locked"]
    assert not any("not judged" in note for note in notes.values())


def row(worker, action, line, value="", target="box"):
    return Row(worker, "x.py", line, action, target, value, f"s{line}", 0, ("box", 1))


def test_check_then_act_is_told_from_recorded_rows():
    from pytest_concurrency.runners.greenlets.orders.told import check_then_act

    torn = [row("0", "read", 1, "5"), row("1", "write", 3, "0"), row("0", "read", 2), row("0", "write", 2, "-5")]
    cause = check_then_act(torn, [])
    assert cause is not None
    assert [r.line for r in cause.rows] == [1, 3, 2]
    assert check_then_act(torn, torn) is None, "what a passing run shows as well is not the cause"
    looked_again = [row("0", "read", 1), row("1", "write", 3), row("0", "read", 4), row("0", "write", 2)]
    assert check_then_act(looked_again, []) is None
    another_item = [row("0", "read", 1, target="d['a']"), row("1", "write", 3, target="d['b']"), row("0", "write", 2)]
    assert check_then_act(another_item, []) is None


def test_the_named_check_has_to_do_with_the_failure():
    from pytest_concurrency.runners.greenlets.orders.told import check_then_act

    def torn(line, where, functions=("m:f", "m:f")):
        look, act = (f"{name}:{line}" for name in functions)
        return [
            Row("0.0", "x.py", line, "read", "list", "[]", look, 0, (where, 1)),
            Row("0.1", "x.py", line + 2, "write", "list", "", act, 0, (where, 1)),
            Row("0.0", "x.py", line + 2, "write", "list", "", act, 0, (where, 1)),
        ]

    def raised(line, kind, error):
        code = compile("\n" * (line - 1) + f"raise {kind}", "x.py", "exec")
        try:
            exec(code)
        except error as caught:
            return caught

    rows = [*torn(10, "idle", ("m:get", "m:put")), *torn(20, "made")]
    assert check_then_act(rows, [], raised(12, "KeyError(1)", KeyError)).check.line == 10
    assert check_then_act(rows, [], raised(22, "KeyError(1)", KeyError)).check.line == 20
    assert check_then_act(rows, [], raised(30, "KeyError(1)", KeyError)) is None
    cause = check_then_act(rows, [], raised(30, "AssertionError", AssertionError))
    assert cause.check.line == 20, "it was acted upon in the function that looked"


def test_files_have_rows_as_well(stress):
    tests = stress(
        test_file="""
        import gevent, json
        def test_it(greenlet_runner, tmp_path):
            path = tmp_path / "settings.json"
            path.write_text("{}")
            def save(key):
                data = json.loads(path.read_text())
                gevent.sleep(0)
                data[key] = 1
                path.write_text(json.dumps(data))
            greenlet_runner.run(lambda: save("a"), lambda: save("b"))
            assert json.loads(path.read_text()) == {"a": 1, "b": 1}
        """
    )
    hazards = {hazard["code"]: hazard for hazard in tests["test_it"]["hazards"]}
    assert set(hazards) == {"CH110", "CH102"}
    told = [(row["worker"], row["action"]) for row in hazards["CH110"]["steps"] if row["target"] == "settings.json"]
    assert told == [("0.0", "read"), ("0.1", "read"), ("0.0", "write"), ("0.1", "write")]
    assert hazards["CH102"]["message"].startswith("greenlet 0.1 looked at settings.json")


def test_functions_of_the_library_have_rows_as_well(stress):
    tests = stress(
        test_heap="""
        import gevent, heapq
        from bisect import insort
        def test_it(greenlet_runner):
            heap, served = [5, 20], []
            def serve():
                if heap[0] <= 10:
                    gevent.sleep(0)
                    insort(served, heapq.heappop(heap))
            greenlet_runner.run(serve, workers=2)
            assert served == [5]
        """
    )
    hazards = {hazard["code"]: hazard for hazard in tests["test_it"]["hazards"]}
    assert set(hazards) == {"CH110", "CH102"}
    told = [(row["worker"], row["target"]) for row in hazards["CH110"]["steps"] if "(heap)" in row["target"]]
    assert told == [("0.0", "heappop(heap)"), ("0.1", "heappop(heap)")]
    assert hazards["CH102"]["message"].startswith("greenlet 0.1 looked at heap[0] (-> 5)")


def test_methods_of_a_testcase_are_refused(stress):
    stress(
        test_case="""
        import pytest, unittest
        @pytest.mark.stress_greenlets
        class TestIt(unittest.TestCase):
            def test_one(self):
                pass
        """
    )
    assert stress.result.ret == 4
    stress.result.stderr.fnmatch_lines(["*test_case.py::TestIt::test_one: stress_greenlets works on test functions*"])


DEADLOCKS = """
    import gevent, gevent.event, gevent.queue, pytest, threading
    from gevent.event import AsyncResult
    from gevent.lock import BoundedSemaphore, Semaphore
    from gevent.pool import Pool
    mark = pytest.mark.stress_greenlets(workers=0)

    @mark
    def test_philosophers():
        forks = [BoundedSemaphore(1) for _ in range(3)]
        def dine(seat):
            left, right = forks[seat], forks[(seat + 1) % 3]
            with left:
                gevent.sleep(0.001)
                with right:
                    gevent.sleep(0.001)
        gevent.joinall([gevent.spawn(dine, seat) for seat in range(3)])

    class Job:
        def __init__(self):
            self.lock = Semaphore()
        def run(self):
            self.lock.acquire()
            gevent.sleep(10)
            self.lock.release()

    @mark
    def test_killed_while_it_holds_a_lock():
        job = Job()
        first = gevent.spawn(job.run)
        gevent.sleep(0.01)
        first.kill()
        gevent.spawn(job.run).get()

    @mark
    def test_a_semaphore_that_only_counts_is_held_by_nobody():
        items = Semaphore(0)
        def take():
            items.acquire()
        takers = [gevent.spawn(take) for _ in range(2)]
        items.release()
        gevent.joinall(takers)

    @mark
    def test_a_condition_lets_go_of_its_lock():
        lock, never = threading.Lock(), gevent.event.Event()
        condition = threading.Condition(lock)
        def wait():
            with lock:
                condition.wait()
        def keep():
            with lock:
                never.wait()
        def take():
            with lock:
                pass
        gevent.joinall([gevent.spawn(function) for function in (wait, keep, take)])

    @mark
    def test_room_in_a_pool():
        pool = Pool(1)
        pool.spawn(lambda: pool.spawn(gevent.sleep))
        pool.join()

    @mark
    def test_a_result_that_is_never_set():
        reply = AsyncResult()
        def answer():
            raise ValueError("no answer")
        gevent.spawn(answer)
        reply.get()

    @mark
    def test_items_that_are_never_done():
        jobs = gevent.queue.JoinableQueue()
        def serve():
            for job in jobs:
                if job:
                    jobs.task_done()
        gevent.spawn(serve)
        for job in range(2):
            jobs.put(job)
        jobs.join()
"""


def test_what_a_deadlock_says(stress):
    tests = stress(test_deadlocks=DEADLOCKS)
    found = {name: hazard for name, test in tests.items() for hazard in test["hazards"] if hazard["code"] == "CH104"}
    assert found.keys() == tests.keys()

    dinner = found["test_philosophers"]
    for worker, fork, holder in ((0, 2, 1), (1, 3, 2), (2, 1, 0)):
        assert f"for the lock right #{fork} held by greenlet 0.{holder}" in " ".join(dinner["message"].split())
        assert re.search(rf"acquire l\S* #{worker + 1}\b", dinner["detail"])
        assert re.search(rf"wait for \S* #{fork}\b", dinner["detail"])
    assert [(wait["target"], wait["holder"]) for wait in dinner["waits"][1:]] == [
        ("the lock right #2", "0.1"), ("the lock right #3", "0.2"), ("the lock right #1", "0.0"),
    ]  # fmt: skip

    killed = found["test_killed_while_it_holds_a_lock"]
    assert "in self.lock.acquire(), held by greenlet 0.0\n" in killed["detail"]
    took = "Greenlet 0.0 died of GreenletExit at test_deadlocks.py:23 and kept the lock self.lock, which it took at "
    assert f"{took}test_deadlocks.py:22." in killed["message"]
    assert "release it in a finally clause" in killed["fix"]

    counter = found["test_a_semaphore_that_only_counts_is_held_by_nobody"]
    assert "held by" not in counter["detail"] and "nobody is left to release" in counter["cause"]
    condition = found["test_a_condition_lets_go_of_its_lock"]
    assert "in with lock, held by greenlet 0.1\n" in condition["detail"]
    assert "room in a pool" in found["test_room_in_a_pool"]["cause"]
    done = found["test_items_that_are_never_done"]
    assert "items are done" in done["cause"] and "Call task_done() once for each item" in done["fix"]
    never = found["test_a_result_that_is_never_set"]
    assert "Before that, greenlet 0.0 died of ValueError: no answer at test_deadlocks.py:" in never["message"]
