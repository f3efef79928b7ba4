"""Correct programs: nothing may be reported. Run by test_correct_programs.py, in a session of its own."""

import asyncio
import fcntl
import functools
import logging.handlers
import multiprocessing as mp
import os
import queue
import signal
import subprocess
import sys
import time
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import connection, shared_memory

import pytest

N = int(os.environ.get("REPEATS", "2"))
W = pytest.mark.stress_processes(workers=0, repeats=N, timeout=30, max_seconds=600)
METHODS = os.environ.get("METHODS", "fork").split(",")


@pytest.fixture(params=METHODS)
def ctx(request):
    return mp.get_context(request.param)


def sq(n):
    return n * n


def put_all(q, n):
    for i in range(n):
        q.put("x" * 10000)
    q.put(None)


def incr(v, n):
    for _ in range(n):
        with v.get_lock():
            v.value += 1


@W
def test_pool_map(ctx):
    with ctx.Pool(3) as pool:
        assert pool.map(sq, range(20)) == [n * n for n in range(20)]


@W
def test_pool_close_join(ctx):
    pool = ctx.Pool(2)
    rs = [pool.apply_async(sq, (n,)) for n in range(4)]
    pool.close()
    pool.join()
    assert [r.get() for r in rs] == [0, 1, 4, 9]


@W
def test_queue_drained(ctx):
    q = ctx.Queue()
    p = ctx.Process(target=put_all, args=(q, 20))
    p.start()
    n = 0
    while q.get() is not None:
        n += 1
    p.join()
    assert n == 20


@W
def test_value_lock(ctx):
    v = ctx.Value("i", 0)
    ps = [ctx.Process(target=incr, args=(v, 50)) for _ in range(3)]
    for p in ps:
        p.start()
    for p in ps:
        p.join()
    assert v.value == 150


def fill(d, k):
    d[k] = k


@W
def test_manager(ctx):
    with ctx.Manager() as m:
        d = m.dict()
        ps = [ctx.Process(target=fill, args=(d, k)) for k in range(3)]
        for p in ps:
            p.start()
        for p in ps:
            p.join()
        assert sorted(d.keys()) == [0, 1, 2]


@W
def test_executor(ctx):
    with ProcessPoolExecutor(2, mp_context=ctx) as ex:
        fs = [ex.submit(sq, n) for n in range(5)]
        assert sorted(f.result() for f in as_completed(fs)) == [0, 1, 4, 9, 16]
        assert list(ex.map(sq, range(5))) == [0, 1, 4, 9, 16]


def boom(n):
    raise ValueError(n)


@W
def test_executor_error_taken(ctx):
    with ProcessPoolExecutor(2, mp_context=ctx) as ex:
        f = ex.submit(boom, 1)
        with pytest.raises(ValueError):
            f.result()
        g = ex.submit(boom, 2)
        assert isinstance(g.exception(), ValueError)


@W
def test_error_callback(ctx):
    errs = []
    with ctx.Pool(1) as pool:
        pool.apply_async(boom, (1,), error_callback=errs.append)
        pool.close()
        pool.join()
    assert len(errs) == 1


_shared = None


def init(v):
    global _shared
    _shared = v


def use_shared(n):
    with _shared.get_lock():
        _shared.value += n
    return n


@W
def test_initializer(ctx):
    v = ctx.Value("i", 0)
    with ctx.Pool(2, initializer=init, initargs=(v,)) as pool:
        pool.map(use_shared, range(5))
    assert v.value == 10


settings = {}


def init2(d):
    settings.update(d)


def use_settings(n):
    return settings["k"] * n


@W
def test_initializer2(ctx):
    with ProcessPoolExecutor(2, mp_context=ctx, initializer=init2, initargs=({"k": 3},)) as ex:
        assert list(ex.map(use_settings, range(3))) == [0, 3, 6]


_cache = {}


def fib(n):
    if n < 2:
        return n
    if n not in _cache:
        _cache[n] = fib(n - 1) + fib(n - 2)
    return _cache[n]


@W
def test_cache(ctx):
    with ctx.Pool(2) as pool:
        got = pool.map(fib, range(12))
    assert got == [fib(n) for n in range(12)]


@functools.lru_cache(None)
def slow(n):
    return n


@W
def test_lru(ctx):
    with ctx.Pool(2) as pool:
        assert pool.map(slow, [1, 1, 2]) == [1, 1, 2]


_conn = None


def conn():
    global _conn
    if _conn is None:
        _conn = {"pid": os.getpid()}
    return _conn


def task(n):
    return conn()["pid"]


@W
def test_lazy(ctx):
    with ctx.Pool(2) as pool:
        assert os.getpid() not in pool.map(task, range(4))


def echo(c):
    while True:
        try:
            m = c.recv()
        except EOFError:
            return
        c.send(m)


@W
def test_pipe(ctx):
    a, b = ctx.Pipe()
    p = ctx.Process(target=echo_close, args=(a, b))
    p.start()
    b.close()
    for i in range(3):
        a.send(i)
        assert a.recv() == i
    a.close()
    p.join()
    assert p.exitcode == 0


def echo_close(a, b):
    a.close()
    echo(b)


def consume(q, out):
    while True:
        item = q.get()
        if item is None:
            q.task_done()
            return
        out.put(item * 2)
        q.task_done()


@W
def test_joinable(ctx):
    q, out = ctx.JoinableQueue(), ctx.Queue()
    p = ctx.Process(target=consume, args=(q, out))
    p.start()
    for i in range(5):
        q.put(i)
    q.put(None)
    q.join()
    assert sorted(out.get() for _ in range(5)) == [0, 2, 4, 6, 8]
    p.join()


def forever(q):
    while True:
        q.get()
        q.task_done()


@W
def test_daemon_consumer(ctx):
    q = ctx.JoinableQueue()
    ctx.Process(target=forever, args=(q,), daemon=True).start()
    for i in range(3):
        q.put(i)
    q.join()


def wait_ev(ev, v):
    ev.wait()
    v.value = 1


@W
def test_event(ctx):
    ev, v = ctx.Event(), ctx.Value("i", 0)
    p = ctx.Process(target=wait_ev, args=(ev, v))
    p.start()
    ev.set()
    p.join()
    assert v.value == 1


def meet(b, q):
    b.wait()
    q.put(os.getpid())


@W
def test_barrier(ctx):
    b, q = ctx.Barrier(3), ctx.Queue()
    ps = [ctx.Process(target=meet, args=(b, q)) for _ in range(3)]
    for p in ps:
        p.start()
    got = {q.get() for _ in ps}
    for p in ps:
        p.join()
    assert len(got) == 3


def write_shm(name):
    s = shared_memory.SharedMemory(name=name)
    s.buf[0] = 7
    s.close()


@W
def test_shm(ctx):
    s = shared_memory.SharedMemory(create=True, size=10)
    try:
        p = ctx.Process(target=write_shm, args=(s.name,))
        p.start()
        p.join()
        assert s.buf[0] == 7
    finally:
        s.close()
        s.unlink()


@W
def test_raw_fork():
    r, w = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(r)
        os.write(w, b"hi")
        os._exit(0)
    os.close(w)
    with os.fdopen(r, "rb") as f:
        assert f.read() == b"hi"
    assert os.waitpid(pid, 0)[1] == 0


@W
def test_os_wait():
    for _ in range(2):
        if os.fork() == 0:
            os._exit(0)
    for _ in range(2):
        assert os.waitstatus_to_exitcode(os.wait()[1]) == 0


@W
def test_subprocess():
    assert subprocess.run([sys.executable, "-c", "print(1)"], capture_output=True, text=True).stdout == "1\n"


@W
def test_terminate(ctx):
    p = ctx.Process(target=time.sleep, args=(60,))
    p.start()
    p.terminate()
    p.join()
    assert p.exitcode == -signal.SIGTERM


@pytest.fixture
def procs():
    ps = []
    yield ps
    for p in ps:
        p.terminate()
        p.join()


@W
def test_fixture_cleans(ctx, procs):
    p = ctx.Process(target=time.sleep, args=(60,))
    p.start()
    procs.append(p)


@pytest.fixture(scope="module")
def executor():
    with ProcessPoolExecutor(2) as ex:
        yield ex


@W
def test_module_executor(executor):
    assert executor.submit(sq, 3).result() == 9


@W
def test_module_executor2(executor):
    assert executor.submit(sq, 4).result() == 16


@W
def test_maxtasks(ctx):
    with ctx.Pool(2, maxtasksperchild=1) as pool:
        assert pool.map(sq, range(6), chunksize=1) == [0, 1, 4, 9, 16, 25]


@W
def test_imap(ctx):
    with ctx.Pool(2) as pool:
        assert sorted(pool.imap_unordered(sq, range(6))) == [0, 1, 4, 9, 16, 25]


@W
def test_two_executors(ctx):
    with ProcessPoolExecutor(1, mp_context=ctx) as a, ProcessPoolExecutor(1, mp_context=ctx) as b:
        assert a.submit(sq, 2).result() + b.submit(sq, 3).result() == 13


@W
def test_queue_before_start(ctx):
    q = ctx.Queue()
    q.put(1)
    q.put(None)
    out = ctx.Queue()
    p = ctx.Process(target=drain, args=(q, out))
    p.start()
    assert out.get() == 1
    p.join()


def drain(q, out):
    while (x := q.get()) is not None:
        out.put(x)


@W
def test_not_closed_executor(ctx):
    ex = ProcessPoolExecutor(1, mp_context=ctx)
    assert ex.submit(sq, 2).result() == 4


@W
def test_asyncio(ctx):
    async def main():
        loop = asyncio.get_running_loop()
        with ProcessPoolExecutor(1, mp_context=ctx) as ex:
            assert await loop.run_in_executor(ex, sq, 3) == 9
            with pytest.raises(ValueError):
                await loop.run_in_executor(ex, boom, 3)

    asyncio.run(main())


@W
def test_expected_value_error(ctx):
    pool = ctx.Pool(1)
    with pytest.raises(ValueError):
        pool.join()
    pool.close()
    pool.join()


@W
def test_pickle_error_expected(ctx):
    with ctx.Pool(1) as pool:
        with pytest.raises(Exception):
            pool.apply(sq, (lambda: 1,))


def flocked(path):
    for _ in range(10):
        with open(path, "r+") as f:
            fcntl.flock(f, fcntl.LOCK_EX)
            n = int(f.read())
            f.seek(0)
            f.truncate()
            f.write(str(n + 1))
            f.flush()


@W
def test_flock(ctx, tmp_path):
    p = tmp_path / "n"
    p.write_text("0")
    ps = [ctx.Process(target=flocked, args=(p,)) for _ in range(2)]
    for x in ps:
        x.start()
    for x in ps:
        x.join()
    assert p.read_text() == "20"


def dflt():
    return None


def make():
    return sq_none


def sq_none():
    pass


@W
def test_factory_target(ctx):
    p = ctx.Process(target=make())
    p.start()
    p.join()
    assert p.exitcode == 0


class P(mp.Process):
    def run(self):
        pass


@W
def test_subclass():
    p = P()
    p.start()
    p.join()


@W
def test_pathos_like_exit_timeout(ctx):
    q = ctx.Queue()
    p = ctx.Process(target=drain, args=(q, q))
    p.start()
    with pytest.raises(queue.Empty):
        q.get(timeout=0.2)
    q.put(None)
    p.join(5)
    assert p.exitcode == 0


def send_some(conn, n):
    for i in range(n):
        conn.send((n, i))
    conn.close()


@W
def test_waiting_for_several_pipes(ctx):
    readers, processes = [], []
    for n in (1, 2, 3):
        reader, writer = ctx.Pipe(duplex=False)
        processes.append(ctx.Process(target=send_some, args=(writer, n)))
        processes[-1].start()
        writer.close()
        readers.append(reader)
    seen = []
    while readers:
        for reader in connection.wait(readers):
            try:
                seen.append(reader.recv())
            except EOFError:
                readers.remove(reader)
                reader.close()
    for process in processes:
        process.join()
    assert len(seen) == 6


def call_listener(address, n):
    with connection.Client(address, authkey=b"key") as conn:
        conn.send(n)
        assert conn.recv() == n + 1


@W
def test_listener_and_clients(ctx):
    with connection.Listener(("127.0.0.1", 0), authkey=b"key") as listener:
        processes = [ctx.Process(target=call_listener, args=(listener.address, n)) for n in range(2)]
        for process in processes:
            process.start()
        for _ in processes:
            with listener.accept() as conn:
                conn.send(conn.recv() + 1)
        for process in processes:
            process.join()
    assert [process.exitcode for process in processes] == [0, 0]


def log_line(q, n):
    log = logging.getLogger("job")
    log.handlers = [logging.handlers.QueueHandler(q)]
    log.propagate = False
    log.warning("job %d", n)


@W
def test_a_listener_collects_log_lines(ctx):
    q, lines = ctx.Queue(), []

    class Sink(logging.Handler):
        def emit(self, record):
            lines.append(record.getMessage())

    processes = [ctx.Process(target=log_line, args=(q, n)) for n in range(2)]
    for process in processes:
        process.start()
    listener = logging.handlers.QueueListener(q, Sink())
    listener.start()
    for process in processes:
        process.join()
    listener.stop()
    assert sorted(lines) == ["job 0", "job 1"]


def serve_until_told(ready, out):
    def stop(signum, frame):
        out.put("stopped")
        raise SystemExit(7)

    signal.signal(signal.SIGTERM, stop)
    ready.set()
    while True:
        signal.pause()


@W
def test_a_graceful_stop(ctx):
    ready, out = ctx.Event(), ctx.Queue()
    process = ctx.Process(target=serve_until_told, args=(ready, out))
    process.start()
    assert ready.wait(20)
    os.kill(process.pid, signal.SIGTERM)
    assert out.get(timeout=10) == "stopped"
    process.join(10)
    assert process.exitcode == 7


class Refused(Exception):
    def __init__(self, status, body):
        super().__init__(f"{status}: {body}")


def refuse(_):
    raise Refused(404, "gone")


@W
def test_an_exception_that_travels_as_text(ctx):
    """It cannot be rebuilt, and the program does not let it travel."""
    with ctx.Pool(1) as pool:
        assert pool.map(told, [1]) == ["Refused"]


def told(n):
    try:
        refuse(n)
    except Refused as error:
        return type(error).__name__
