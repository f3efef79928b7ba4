"""Each hazard between processes, as a program that a user could have written: through a real pytest."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

pytest_plugins = ["pytester"]

HEAD = """
import multiprocessing as mp, os, signal, sys, threading, time, random
from concurrent.futures import ProcessPoolExecutor
import pytest
ctx = mp.get_context("{method}")
watched = pytest.mark.stress_processes(workers=0, repeats=2, timeout={timeout})
def square(n): return n * n
def fail(n): raise ValueError(f"bad {{n}}")
"""


def run(
    pytester: pytest.Pytester, program: str, method: str = "fork", timeout: float = 15, *args: str
) -> dict[str, Any]:
    pytester.makepyfile(HEAD.format(method=method, timeout=timeout) + program)
    pytester.runpytest_subprocess(
        "-p", "no:randomly", "--concurrency-schedules", "2", "--concurrency-report", "json:out.json", *args
    )
    report: dict[str, Any] = json.loads(Path(pytester.path, "out.json").read_text())
    return report


def hazards(report: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {hazard["code"]: hazard for test in report["tests"] for hazard in test["hazards"]}


def line_of(pytester: pytest.Pytester, text: str) -> int:
    (path,) = pytester.path.glob("test_*.py")
    return next(n for n, line in enumerate(path.read_text().splitlines(), 1) if text in line)


METHODS = pytest.mark.parametrize("method", ["fork", "spawn"])


@METHODS
def test_a_global_that_only_the_child_changes(pytester: pytest.Pytester, method: str) -> None:
    program = """
total = 0
def add():
    global total
    for _ in range(1000):
        total += 1
@watched
def test_it():
    processes = [ctx.Process(target=add) for _ in range(2)]
    for p in processes: p.start()
    for p in processes: p.join()
    print("total is", total)
"""
    report = run(pytester, program, method)
    found = hazards(report)["CH401"]
    assert found["severity"] == "warning"
    assert report["tests"][0]["outcome"] == "passed"
    assert ".total: " in found["message"]
    assert "from 0 to 1000; in the parent it is 0" in found["message"]
    lines = [row["line"] for row in found["locations"]]
    assert line_of(pytester, "print(") in lines


@METHODS
def test_a_field_that_the_object_had_from_its_class(pytester: pytest.Pytester, method: str) -> None:
    program = """
class Stats: total = 0
stats = Stats()
def add(n): stats.total = stats.total + n
@watched
def test_it():
    p = ctx.Process(target=add, args=(3,)); p.start(); p.join()
    print("total is", stats.total)
"""
    found = hazards(run(pytester, program, method))["CH401"]
    assert "stats.total" in found["message"]


def test_a_global_that_is_read_on_the_line_of_the_start(pytester: pytest.Pytester) -> None:
    program = """
n = 0
def set_it():
    global n
    n = 1
@watched
def test_afterwards():
    p = ctx.Process(target=set_it); p.start(); p.join(); assert n == 1
@watched
def test_afterwards_on_two_lines():
    p = ctx.Process(target=set_it)
    p.start(); p.join(); assert n == 1
@watched
def test_before():
    p = ctx.Process(target=set_it); assert n == 0; p.start(); p.join()
"""
    found = [[hazard["code"] for hazard in test["hazards"]] for test in run(pytester, program)["tests"]]
    assert found == [["CH401"], ["CH401"], []]


@METHODS
def test_a_global_that_the_tasks_of_a_pool_change(pytester: pytest.Pytester, method: str) -> None:
    program = """
seen = {"hits": 0}
def hit(_): seen["hits"] += 1
@watched
def test_it():
    with ctx.Pool(2) as pool: pool.map(hit, range(4))
    print("seen", seen["hits"])
"""
    assert "seen" in hazards(run(pytester, program, method))["CH401"]["message"]


@METHODS
def test_a_target_that_was_called(pytester: pytest.Pytester, method: str) -> None:
    program = """
def reader(): pass
@watched
def test_it():
    p = ctx.Process(target=reader())
    p.start()
    p.join()
"""
    report = run(pytester, program, method)
    found = hazards(report)["CH402"]
    assert report["tests"][0]["outcome"] == "failed"
    assert "reader()" in found["message"]
    assert found["locations"][0]["line"] == line_of(pytester, "target=reader()")


def test_a_target_that_a_call_makes_is_right(pytester: pytest.Pytester) -> None:
    program = """
def make(): return os.getpid
@watched
def test_it():
    p = ctx.Process(target=make())
    p.start()
    p.join()
"""
    assert hazards(run(pytester, program)) == {}


@pytest.mark.parametrize(
    "body",
    [
        "pool = ctx.Pool(2); pool.apply_async(fail, (3,)); pool.close(); pool.join()",
        "executor = ProcessPoolExecutor(1, mp_context=ctx); executor.submit(fail, 3); executor.shutdown()",
        "pool = ctx.Pool(2); pool.map_async(fail, [3]); pool.close(); pool.join()",
    ],
)
def test_an_error_that_nobody_fetched(pytester: pytest.Pytester, body: str) -> None:
    found = hazards(run(pytester, f"\n@watched\ndef test_it():\n    {body}\n"))["CH403"]
    assert "ValueError: bad 3" in found["message"]
    assert "in fail" in found["detail"]  # the child's own traceback
    assert found["locations"][0]["line"] == line_of(pytester, body)


def test_an_item_of_a_queue_that_cannot_be_pickled(pytester: pytest.Pytester) -> None:
    program = """
class Job:
    def __init__(self): self.lock = threading.Lock()
@watched
def test_it():
    q = ctx.Queue()
    q.put({"job": Job()})
    q.put(1)
    assert q.get(timeout=10) == 1
"""
    found = hazards(run(pytester, program))["CH404"]
    assert "item['job'].lock" in found["message"]
    assert "dropped" in found["message"]
    assert found["locations"][0]["line"] == line_of(pytester, '"job": Job()')


@METHODS
def test_an_item_that_the_queue_of_a_child_drops(pytester: pytest.Pytester, method: str) -> None:
    program = """
import queue
def produce(q):
    q.put({"when done": lambda: 1})
@watched
def test_it():
    q = ctx.Queue()
    p = ctx.Process(target=produce, args=(q,))
    p.start()
    p.join()
    with pytest.raises(queue.Empty):
        q.get(timeout=0.1)
"""
    found = hazards(run(pytester, program, method))["CH404"]
    assert "item['when done'] (a lambda)" in found["message"]
    assert "dropped" in found["message"]
    assert found["locations"][0]["line"] == line_of(pytester, '"when done": lambda')


def test_an_argument_that_cannot_be_pickled(pytester: pytest.Pytester) -> None:
    program = """
@watched
def test_it():
    ctx.Process(target=square, args=({"deep": [threading.Lock()]},)).start()
"""
    found = hazards(run(pytester, program, "spawn"))["CH404"]
    assert "args[0]['deep'][0]" in found["message"]


@pytest.mark.parametrize(
    ("body", "what"),
    [
        ("with ProcessPoolExecutor(1, ctx) as e: e.submit(lambda: 1).result()  # here", "fn (a lambda)"),
        ("with ProcessPoolExecutor(1, ctx) as e: e.submit(lambda: 1)  # here", "fn (a lambda)"),
        ("with ctx.Pool(1) as pool: pool.map(lambda n: n, [1])  # here", "(a lambda)"),
        ("with ctx.Pool(1) as pool: pool.apply(threading.Lock)  # here", "the result of a task"),
        ("with ProcessPoolExecutor(1, ctx) as e: e.submit(threading.Lock).result()  # here", "the result of a task"),
        ("with ProcessPoolExecutor(1, ctx) as e: e.submit(threading.Lock)  # here", "the result of a task"),
    ],
)
def test_what_cannot_travel_to_or_from_a_pool_is_shown_where_the_task_was_given(
    pytester: pytest.Pytester, body: str, what: str
) -> None:
    program = f"""
@watched
def test_it():
    {body}
"""
    found = hazards(run(pytester, program))
    assert set(found) == {"CH404"}
    assert what in found["CH404"]["message"]
    assert found["CH404"]["locations"][0]["line"] == line_of(pytester, "# here")


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("with ProcessPoolExecutor(1, ctx) as e: e.submit(call).result()  # here", "rebuilt here"),
        (
            "with ProcessPoolExecutor(1, ctx) as e: f = e.submit(call)  # here\n"
            "    assert isinstance(f.exception(), ApiError)",
            "rebuilt here",
        ),
        ("with ctx.Pool(1) as pool: pool.apply(call)  # here", "no result of this pool will ever come"),
    ],
)
def test_an_exception_of_a_task_that_cannot_be_rebuilt(pytester: pytest.Pytester, body: str, told: str) -> None:
    program = f"""
class ApiError(Exception):
    def __init__(self, status, body):
        super().__init__(f"{{status}}: {{body}}")
def call(): raise ApiError(404, "gone")
@watched
def test_it():
    {body}
"""
    found = hazards(run(pytester, program, "fork", 1.5))
    assert set(found) == {"CH404"}
    assert "the exception ApiError: TypeError" in found["CH404"]["message"]
    assert told in found["CH404"]["message"]
    assert found["CH404"]["locations"][0]["line"] == line_of(pytester, "# here")


def test_what_cannot_be_rebuilt_and_is_dealt_with_is_no_hazard(pytester: pytest.Pytester) -> None:
    program = """
class ApiError(Exception):
    def __init__(self, status, body):
        super().__init__(f"{status}: {body}")
@watched
def test_it():
    q = ctx.Queue()
    q.put(ApiError(404, "gone"))
    with pytest.raises(TypeError):
        q.get(timeout=10)
"""
    assert hazards(run(pytester, program)) == {}


def test_an_executor_that_its_own_threads_have_locked_does_not_outlive_the_test(pytester: pytest.Pytester) -> None:
    """Python before 3.12.8 and 3.13.1 deadlocks where a task fails to be pickled while the executor is shut down."""
    program = """
class Late:
    def __init__(self, lock): self.lock = lock
    def __enter__(self):
        for _ in range(200):
            if self.lock.locked(): break
            time.sleep(0.005)
        self.lock.acquire()
    def __exit__(self, *_): self.lock.release()
@watched
def test_it():
    with ProcessPoolExecutor(1, ctx) as executor:
        executor._call_queue.shutdown_lock = Late(executor._shutdown_lock)
        executor.submit(lambda: 1)
        while executor._pending_work_items: time.sleep(0.005)
"""
    report = run(pytester, program, "fork", 1.5)
    assert "CH404" in hazards(report)
    assert report["tests"][0]["outcome"] == "failed"


def test_a_result_that_cannot_be_pickled_is_named(pytester: pytest.Pytester) -> None:
    program = """
@watched
def test_it():
    with ctx.Pool(1) as pool:
        pool.map(iter, [[1]])
        pool.apply(threading.Lock)
"""
    found = hazards(run(pytester, program))["CH404"]
    assert "what cannot travel: <unlocked _thread.lock" in found["detail"]


def test_a_result_that_cannot_be_pickled_and_is_dealt_with_is_no_hazard(pytester: pytest.Pytester) -> None:
    program = """
@watched
def test_it():
    with ProcessPoolExecutor(1, ctx) as executor:
        with pytest.raises(TypeError):
            executor.submit(threading.Lock).result()
"""
    assert hazards(run(pytester, program)) == {}


FORK_WITH_LOCK = """
guard = threading.Lock()
def locked():
    with guard: pass
def hold(held, go):
    with guard:
        held.set(); go.wait()
@watched
def test_it():
    held, go = threading.Event(), threading.Event()
    t = threading.Thread(target=hold, args=(held, go), name="holder"); t.start(); held.wait()
    try:
        p = ctx.Process(target={target})
        p.start()
        p.join()
    finally:
        go.set(); t.join()
"""


def test_a_fork_while_a_thread_runs(pytester: pytest.Pytester) -> None:
    report = run(pytester, FORK_WITH_LOCK.format(target="os.getpid"))
    found = hazards(report)["CH405"]
    assert found["severity"] == "warning"
    assert report["tests"][0]["outcome"] == "passed"
    assert "holder" in found["message"]
    assert "Lock guard" in found["message"]


def test_a_fork_whose_child_hangs_on_the_lock(pytester: pytest.Pytester) -> None:
    report = run(pytester, FORK_WITH_LOCK.format(target="locked"), timeout=3)
    found = hazards(report)
    assert found["CH405"]["severity"] == "error"
    assert "in locked" in found["CH405"]["detail"]
    assert "CH409" not in found


def test_join_before_close(pytester: pytest.Pytester) -> None:
    report = run(pytester, "\n@watched\ndef test_it():\n    pool = ctx.Pool(2)\n    pool.join()\n")
    assert hazards(report)["CH406"]["locations"][0]["line"] == line_of(pytester, "pool.join()")


@METHODS
def test_joined_before_the_queue_is_drained(pytester: pytest.Pytester, method: str) -> None:
    program = """
def produce(q): q.put("x" * 1_000_000)
@watched
def test_it():
    q = ctx.Queue()
    p = ctx.Process(target=produce, args=(q,))
    p.start()
    p.join()
    q.get()
"""
    found = hazards(run(pytester, program, method, 60))  # long: it has to be noticed before
    assert set(found) == {"CH407"}
    assert found["CH407"]["locations"][0]["line"] == line_of(pytester, "p.join()")
    assert "_finalize_join" in found["CH407"]["detail"]


HANGS = {
    "sentinel": (
        """
def consume(q):
    for item in iter(q.get, None): pass
@watched
def test_it():
    q = ctx.Queue()
    processes = [ctx.Process(target=consume, args=(q,)) for _ in range(2)]
    for p in processes: p.start()
    q.put(None)
    for p in processes: p.join()
""",
        "waits in get() for an item of a queue, and nobody puts one",
    ),
    "full pipe": (
        """
def produce(q): q.put("x" * 1_000_000)
@watched
def test_it():
    q = ctx.SimpleQueue()
    p = ctx.Process(target=produce, args=(q,))
    p.start()
    p.join()
""",
        "the pipe is full, and nobody reads from it",
    ),
    "output": (
        """
import subprocess
@watched
def test_it():
    subprocess.Popen([sys.executable, "-c", "print('x' * 200_000)"], stdout=subprocess.PIPE).wait()
""",
        "waits to write its output: the pipe is full",
    ),
    "pool": (
        """
def die(n): os._exit(n)
@watched
def test_it():
    with ctx.Pool(1) as pool:
        pool.map(die, [1])
""",
        "of the pool has died: the result of its task will never come",
    ),
}


@pytest.mark.skipif(not os.path.exists("/proc/self/syscall"), reason="Linux says what a process waits for")
@pytest.mark.parametrize("name", list(HANGS))
def test_a_hang_says_what_is_waited_for(pytester: pytest.Pytester, name: str) -> None:
    program, told = HANGS[name]
    found = hazards(run(pytester, program, "fork", 3))
    assert set(found) == {"CH409"}
    assert told in found["CH409"]["message"]


def test_a_child_left_running(pytester: pytest.Pytester) -> None:
    program = """
@watched
def test_it():
    p = ctx.Process(target=time.sleep, args=(60,)); p.start()
    open("pid", "w").write(str(p.pid))
"""
    found = hazards(run(pytester, program))["CH408"]
    assert found["locations"][0]["line"] == line_of(pytester, "p.start()")
    with pytest.raises(ProcessLookupError):
        os.kill(int(Path(pytester.path, "pid").read_text()), 0)


def test_a_grandchild_left_running(pytester: pytest.Pytester) -> None:
    program = """
import subprocess
def leave():
    p = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    open("pid", "w").write(str(p.pid))
@watched
def test_it():
    p = ctx.Process(target=leave); p.start(); p.join()
"""
    assert "time.sleep(60)" in hazards(run(pytester, program))["CH408"]["detail"]
    with pytest.raises(ProcessLookupError):
        os.kill(int(Path(pytester.path, "pid").read_text()), 0)


def test_a_forked_child_that_runs_on(pytester: pytest.Pytester) -> None:
    program = """
@watched
def test_it():
    pid = os.fork()
    if pid == 0:
        return
    os.waitpid(pid, 0)
def test_after():
    open("after", "a").write("once ")
"""
    assert "os._exit" in hazards(run(pytester, program))["CH408"]["message"]
    assert Path(pytester.path, "after").read_text() == "once "


def test_a_pipe_end_left_open(pytester: pytest.Pytester) -> None:
    program = """
def receive(r, w):
    try:
        while True: r.recv()
    except EOFError: pass
@watched
def test_it():
    r, w = ctx.Pipe(duplex=False)
    p = ctx.Process(target=receive, args=(r, w)); p.start()
    w.close()
    p.join()
"""
    found = hazards(run(pytester, program, timeout=30))["CH409"]
    assert "pipe end is left open" in found["message"]
    assert "in receive" in found["detail"]


def test_task_done_missing(pytester: pytest.Pytester) -> None:
    program = """
def consume(q): q.get()
@watched
def test_it():
    q = ctx.JoinableQueue()
    p = ctx.Process(target=consume, args=(q,)); p.start()
    q.put(1)
    q.join()
"""
    found = hazards(run(pytester, program, timeout=30))["CH409"]
    assert "waits for 1 item(s)" in found["message"]
    assert found["locations"][0]["line"] == line_of(pytester, "q.join()")


def test_terminated_while_it_held_a_lock(pytester: pytest.Pytester) -> None:
    program = """
def keep(lock, ready): lock.acquire(); ready.set(); time.sleep(60)
@watched
def test_it():
    lock, ready = ctx.Lock(), ctx.Event()
    p = ctx.Process(target=keep, args=(lock, ready)); p.start(); ready.wait()
    p.terminate()
    p.join()
    with lock: pass
"""
    found = hazards(run(pytester, program, timeout=30))["CH409"]
    assert "terminate()" in found["message"]


def test_copies_of_one_random_generator(pytester: pytest.Pytester) -> None:
    program = """
generator = random.Random()
def draw(q): q.put(generator.random())
@watched
def test_it():
    q = ctx.Queue()
    ps = [ctx.Process(target=draw, args=(q,)) for _ in range(2)]
    for p in ps: p.start()
    for p in ps: q.get()
    for p in ps: p.join()
"""
    assert "same numbers" in hazards(run(pytester, program))["CH401"]["message"]


def test_what_a_worker_body_starts_is_watched_too(pytester: pytest.Pytester) -> None:
    program = """
@pytest.mark.stress_processes(workers=2, repeats=1, start_method="fork")
def test_it():
    pool = ctx.Pool(1); pool.apply_async(fail, (3,)); pool.close(); pool.join()
"""
    report = run(pytester, program)
    assert report["tests"][0]["outcome"] == "failed"
    assert "ValueError: bad 3" in hazards(report)["CH403"]["message"]


@pytest.mark.parametrize(
    ("body", "what"),
    [
        ("with ctx.Pool(1) as pool: assert pool.map(square, [2]) == [4]", "a pool"),
        ("with ProcessPoolExecutor(1, ctx) as e: assert e.submit(square, 2).result() == 4", "an executor"),
        ("subprocess.run([sys.executable, '-c', ''], check=True)", "a subprocess"),
    ],
)
def test_it_is_said_that_pools_are_watched_and_not_explored(pytester: pytest.Pytester, body: str, what: str) -> None:
    report = run(pytester, f"import subprocess\n@watched\ndef test_it():\n    {body}\n")
    (test,) = report["tests"]
    assert test["outcome"] == "passed"
    assert f"schedules were not explored: {what} was started, which is watched only" in test["notes"]


COPIES = {
    "append": "shared['names'].append(1)",
    "item": "shared['sizes']['a'] = 1",
    "get": "shared.get('names').extend([1])",
    "added": "shared['sizes']['a'] += 1",
    "deleted": "del shared['sizes']['a']",
    "namespace": "space.names.append(1)",
}
KEPT = {
    "assigned": "names = shared['names']; names.append(1); shared['names'] = names",
    "augmented": "shared['names'] += [1]",
    "used": "assert shared['names'].pop() == 0",
    "own": "mine = dict(shared); mine['names'].append(1)",
    "nested proxy": "shared['proxy'].append(1)",
    "counter": "shared['n'] += 1",
}
MANAGED = """
def work(shared, space):
    {statement}
@watched
def test_it():
    with ctx.Manager() as manager:
        space = manager.Namespace(names=[0])
        shared = manager.dict(names=[0], sizes={{"a": 0}}, n=0, proxy=manager.list())
        process = ctx.Process(target=work, args=(shared, space))
        process.start()
        process.join()
        assert process.exitcode == 0
"""


@pytest.mark.parametrize("how", COPIES)
def test_a_change_of_a_copy_that_a_manager_hands_out(pytester: pytest.Pytester, how: str) -> None:
    hazard = hazards(run(pytester, MANAGED.format(statement=COPIES[how])))["CH401"]
    assert "changes a copy" in hazard["message"]
    assert [location["line"] for location in hazard["locations"]] == [line_of(pytester, COPIES[how])]


@pytest.mark.parametrize("how", KEPT)
def test_a_copy_that_is_kept_is_no_hazard(pytester: pytest.Pytester, how: str) -> None:
    assert hazards(run(pytester, MANAGED.format(statement=KEPT[how]))) == {}


def test_the_tasks_of_one_call_that_cannot_be_pickled_are_one_hazard(pytester: pytest.Pytester) -> None:
    program = """
@watched
def test_it():
    with ctx.Pool(2) as pool:
        pool.map(lambda n: n + 1, [1, 2, 3])
"""
    (test,) = run(pytester, program)["tests"]
    (hazard,) = test["hazards"]
    assert [location["line"] for location in hazard["locations"]] == [line_of(pytester, "pool.map(")]


def test_a_hang_names_the_line_of_each_process(pytester: pytest.Pytester) -> None:
    program = """
def serve(ready, go):
    go.wait()
@watched
def test_it():
    ready, go = ctx.Event(), ctx.Event()
    process = ctx.Process(target=serve, args=(ready, go))
    process.start()
    ready.wait()
    go.set()
    process.join()
"""
    hazard = hazards(run(pytester, program, timeout=3))["CH409"]
    lines = [line_of(pytester, "    ready.wait()"), line_of(pytester, "    go.wait()")]
    assert [location["line"] for location in hazard["locations"]] == lines
    assert f":{lines[1]}: go.wait()" in hazard["message"]


def test_a_forked_child_that_is_left_is_shown_with_the_line_of_its_fork(pytester: pytest.Pytester) -> None:
    program = """
@watched
def test_it():
    if os.fork() == 0:
        time.sleep(60)
        os._exit(0)
"""
    hazard = hazards(run(pytester, program))["CH408"]
    assert [location["line"] for location in hazard["locations"]] == [line_of(pytester, "os.fork()")]


def test_what_the_failing_run_printed_is_shown_though_schedules_were_explored_after_it(
    pytester: pytest.Pytester,
) -> None:
    program = """
@watched
def test_it():
    process = ctx.Process(target=print, args=("said by the child",))
    process.start()
    process.join()
    assert process.exitcode == 1
"""
    pytester.makepyfile(HEAD.format(method="fork", timeout=15) + program)
    result = pytester.runpytest_subprocess("-p", "no:randomly", "--concurrency-schedules", "2")
    result.stdout.fnmatch_lines(["*Captured stdout call*", "said by the child"])


UNSEEN = """
def save(rows): return [row["id"] for row in rows]
@watched
def test_it():
    process = ctx.Process(target=save, args=([{"name": 1}],))
    process.start()
    process.join()
"""


@METHODS
def test_a_child_that_dies_unseen(pytester: pytest.Pytester, method: str) -> None:
    hazard = hazards(run(pytester, UNSEEN, method))["CH108"]
    assert "died of KeyError: 'id'" in hazard["message"]
    assert [location["line"] for location in hazard["locations"]] == [
        line_of(pytester, "def save"),
        line_of(pytester, "process.start()"),
    ]


def test_a_child_that_dies_while_others_wait_for_it(pytester: pytest.Pytester) -> None:
    program = """
def fetch(queue, url): queue.put(url.split("/")[2])
@watched
def test_it():
    queue = ctx.Queue()
    process = ctx.Process(target=fetch, args=(queue, "nowhere"))
    process.start()
    queue.get()
"""
    found = hazards(run(pytester, program, timeout=4))
    assert "died of IndexError" in found["CH409"]["message"]


def test_what_a_child_died_of_is_told_where_the_test_fails_of_something_else(pytester: pytest.Pytester) -> None:
    program = """
@watched
def test_it():
    queue = ctx.SimpleQueue()
    process = ctx.Process(target=fail, args=(1,), daemon=True)
    process.start()
    process.join()
    assert not queue.empty()
"""
    assert "died of ValueError: bad 1" in hazards(run(pytester, program))["CH108"]["message"]


def test_a_pool_whose_initializer_fails_is_stopped(pytester: pytest.Pytester) -> None:
    program = """
def init(settings): settings["limit"]
@watched
def test_it():
    with ctx.Pool(2, initializer=init, initargs=({},)) as pool:
        pool.map(square, [1, 2])
"""
    hazard = hazards(run(pytester, program, timeout=3))["CH108"]
    assert "in the initializer of a pool" in hazard["message"]


SEEN = {
    "exitcode": "process.join(); assert process.exitcode == 1",
    "is_alive": "while process.is_alive(): time.sleep(0.01)",
    "sentinel": "multiprocessing.connection.wait([process.sentinel]); process.join()",
    "pipe": "there.close(); pytest.raises(EOFError, here.recv); process.join()",
    "active_children": "while process in mp.active_children(): time.sleep(0.01)",
    "wait": "assert os.wait() == (process.pid, 256)",
    "waitpid": "assert os.waitpid(process.pid, 0)[1]",
    "waitpid, a name of its own": "assert collect(process.pid, 0)[1]",
    "waitid": "assert os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT).si_status; process.join()",
}


@pytest.mark.parametrize(
    ("how", "method"), [*((how, "fork") for how in SEEN), ("active_children", "spawn"), ("waitpid", "spawn")]
)
def test_a_death_that_somebody_asks_about_is_no_hazard(pytester: pytest.Pytester, how: str, method: str) -> None:
    program = f"""
import multiprocessing.connection
from os import waitpid as collect
@watched
def test_it():
    here, there = ctx.Pipe(duplex=False)
    process = ctx.Process(target=fail, args=(1,))
    process.start()
    {SEEN[how]}
"""
    assert hazards(run(pytester, program, method)) == {}


def test_that_nobody_is_left_does_not_tell_how_they_ended(pytester: pytest.Pytester) -> None:
    assert "CH108" in hazards(run(pytester, UNSEEN + "    assert not mp.active_children()\n"))


def test_an_exception_that_the_child_hands_over_is_no_hazard(pytester: pytest.Pytester) -> None:
    program = """
class Telling(ctx.Process):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.errors = ctx.SimpleQueue()
    def run(self):
        try:
            super().run()
        except KeyError:
            pass
        except Exception as error:
            self.errors.put(error)
            raise
@watched
def test_it():
    process = Telling(target=fail, args=(1,))
    process.start()
    process.join()
    assert "bad 1" in str(process.errors.get())
"""
    assert hazards(run(pytester, program)) == {}


def test_an_exception_that_is_only_raised_anew_is_unseen(pytester: pytest.Pytester) -> None:
    program = """
def load():
    try:
        return {}["port"]
    except KeyError as error:
        raise ValueError("no port") from error
    except OSError:
        print("not this one")
@watched
def test_it():
    process = ctx.Process(target=load)
    process.start()
    process.join()
"""
    assert "died of ValueError: no port" in hazards(run(pytester, program))["CH108"]["message"]


def test_an_ignored_hazard_is_not_reported(pytester: pytest.Pytester) -> None:
    program = """
@pytest.mark.stress_processes(workers=0, repeats=1, ignore=["CH403"])
def test_it():
    pool = ctx.Pool(1); pool.apply_async(fail, (3,)); pool.close(); pool.join()
"""
    report = run(pytester, program)
    assert hazards(report) == {}
    assert report["tests"][0]["outcome"] == "passed"


NOT_BROUGHT = {
    "event of a child that is gone": ("pass", "event.wait()", "the test waits for an event, which nobody sets"),
    "event of the parent": ("event.wait()", "process.join()", "Process-1 waits for an event, which nobody sets"),
    "notification": (
        "condition.notify()",
        "process.join(); condition.acquire(); condition.wait()",
        "for a notification, which nobody sends",
    ),
    "barrier": ("barrier.wait()", "process.join()", "Process-1 waits for others at a barrier"),
}
LATE = {
    "limit": ("event.wait(4); other.set()", "other.wait(); process.join()"),
    "sleep": ("time.sleep(4); other.set()", "other.wait(); process.join()"),
    "alarm": (
        "signal.signal(signal.SIGALRM, lambda *_: other.set()); signal.alarm(4); event.wait()",
        "other.wait(); event.set(); process.join()",
    ),
    "thread": ("event.wait()", "threading.Timer(4, event.set).start(); process.join()"),
}
WAITING = """
def child(event, other, condition, barrier):
    with condition: {child}
@pytest.mark.stress_processes(workers=0, repeats=1, timeout={timeout}, schedules=1)
def test_it():
    event, other, condition, barrier = ctx.Event(), ctx.Event(), ctx.Condition(), ctx.Barrier(2)
    process = ctx.Process(target=child, args=(event, other, condition, barrier))

    process.start()
    {parent}
"""


@pytest.mark.skipif(not os.path.exists("/proc/self/syscall"), reason="nothing tells whether a wait has a limit")
@pytest.mark.parametrize("how", NOT_BROUGHT)
def test_what_nobody_brings_is_known_before_the_time_out(pytester: pytest.Pytester, how: str) -> None:
    child, parent, told = NOT_BROUGHT[how]
    report = run(pytester, WAITING.format(child=child, parent=parent, timeout=60))
    assert told in hazards(report)["CH409"]["message"]
    assert report["tests"][0]["seconds"] < 30


@pytest.mark.parametrize("how", LATE)
def test_what_comes_late_is_no_hang(pytester: pytest.Pytester, how: str) -> None:
    child, parent = LATE[how]
    report = run(pytester, WAITING.format(child=child, parent=parent, timeout=20))
    assert hazards(report) == {}
    assert report["tests"][0]["outcome"] == "passed"


MEMORY = """
import atexit
from multiprocessing import shared_memory
from multiprocessing.managers import SharedMemoryManager
def fill(name):
    memory = shared_memory.SharedMemory(name=name)
    memory.buf[0] = 7
    memory.close()
kept = []
@pytest.fixture
def names():
    made = []
    yield made
    for name in made:
        memory = shared_memory.SharedMemory(name)
        memory.close()
        memory.unlink()
@watched
def test_it(names):
    {made}
    process = ctx.Process(target=fill, args=(memory.name,))
    process.start()
    process.join()
    {end}
"""
MADE = "memory = shared_memory.SharedMemory(create=True, size=16)"
UNLINKED = {
    "at once": (MADE, "memory.close(); memory.unlink()"),
    "by a fixture": (MADE, "memory.close(); names.append(memory.name)"),
    "at exit": (MADE, "memory.close(); kept.append(memory); atexit.register(memory.unlink)"),
    "by a manager": ("with SharedMemoryManager() as manager: memory = manager.SharedMemory(16)", "pass"),
}


@METHODS
def test_shared_memory_that_is_never_unlinked(pytester: pytest.Pytester, method: str) -> None:
    report = run(pytester, MEMORY.format(made=MADE, end="memory.close()"), method)
    hazard = hazards(report)["CH410"]
    assert hazard["severity"] == "warning"
    assert [location["line"] for location in hazard["locations"]] == [line_of(pytester, MADE)]
    assert report["tests"][0]["outcome"] == "passed"


@pytest.mark.parametrize("how", UNLINKED)
def test_shared_memory_that_somebody_unlinks_is_no_hazard(pytester: pytest.Pytester, how: str) -> None:
    made, end = UNLINKED[how]
    program = MEMORY.format(made=made, end=end)
    if how == "by a manager":
        program = program.replace("process = ctx.Process(target=fill, args=(memory.name,))", "process = ctx.Process()")
    report = run(pytester, program)
    assert hazards(report) == {}
    assert report["tests"][0]["outcome"] == "passed"
