"""Programs of several processes, wrong and right ones, each with the hazard that exploring has to show ("" for none).

Run by test_exploration.py, in a session of its own.
"""

import fcntl
import multiprocessing as mp
import os
import sqlite3
import struct
import time
from multiprocessing import shared_memory
from os import replace

import pytest

ctx = mp.get_context("fork")

W = pytest.mark.stress_processes(workers=2, repeats=1, start_method="fork")


@pytest.fixture
def raw():
    return ctx.RawValue("i", 0)


@W
def test_wrong_raw(raw):
    raw.value += 1


@pytest.fixture
def rawa():
    return ctx.RawArray("i", 3)


@W
def test_wrong_rawarray(rawa):
    rawa[1] = rawa[1] + 5


@pytest.fixture
def arr():
    return ctx.Array("i", 3)


@W
def test_wrong_array(arr):
    n = arr[1]
    arr[1] = n + 1


@pytest.fixture
def shm():
    s = shared_memory.SharedMemory(create=True, size=16)
    yield s
    s.close()
    s.unlink()


@W
def test_wrong_shm(shm):
    shm.buf[0] += 1


@pytest.fixture
def sl():
    s = shared_memory.ShareableList([0, 1])
    yield s
    s.shm.close()
    s.shm.unlink()


@W
def test_wrong_shareable(sl):
    sl[0] += 1


@pytest.fixture
def man():
    with ctx.Manager() as m:
        yield m


@W
def test_wrong_dict(man_d):
    man_d["a"] += 1


@pytest.fixture
def man_d(man):
    return man.dict(a=0)


@pytest.fixture
def ns(man):
    n = man.Namespace()
    n.x = 0
    return n


@W
def test_wrong_ns(ns):
    ns.x += 1


@pytest.fixture
def mv(man):
    return man.Value("i", 0)


@W
def test_wrong_mv(mv):
    mv.value += 1


@pytest.fixture
def path(tmp_path):
    p = tmp_path / "n"
    p.write_text("0")
    return p


@W
def test_wrong_atomic_replace(path):
    n = int(path.read_text())
    tmp = path.with_name(f"tmp{os.getpid()}")
    tmp.write_text(str(n + 1))
    replace(tmp, path)


@W
def test_wrong_osopen(path):
    fd = os.open(path, os.O_RDWR)
    n = int(os.read(fd, 100))
    os.lseek(fd, 0, 0)
    os.write(fd, str(n + 1).encode())
    os.close(fd)


@W
def test_wrong_rplus(path):
    with open(path, "r+") as f:
        n = int(f.read())
        f.seek(0)
        f.write(str(n + 1))


@pytest.fixture
def db(tmp_path):
    p = tmp_path / "a.db"
    c = sqlite3.connect(p)
    c.execute("create table acc(id integer primary key, bal int)")
    c.execute("insert into acc values(1,100)")
    c.execute("insert into acc values(2,100)")
    c.commit()
    c.close()
    return p


@W
def test_wrong_sqlite(db):
    c = sqlite3.connect(db)
    (bal,) = c.execute("SELECT bal FROM acc WHERE id = ?", (1,)).fetchone()
    c.execute("UPDATE acc SET bal = ? WHERE id = ?", (bal + 10, 1))
    c.commit()
    c.close()


@W
def test_right_sqlite(db):
    c = sqlite3.connect(db)
    c.execute("UPDATE acc SET bal = bal + 10 WHERE id = ?", (1,))
    c.commit()
    c.close()


@pytest.mark.parametrize("returning", ["", " returning bal"])
def test_right_sqlite_compare_and_set(process_runner, db, returning):
    """An update of no row loses nothing: it is tried again."""

    def add():
        c = sqlite3.connect(db)
        done = None
        while not done:
            (bal,) = c.execute("select bal from acc where id = 1").fetchone()
            with c:
                cursor = c.execute(f"update acc set bal=? where id = 1 and bal = ?{returning}", (bal + 1, bal))
                done = cursor.fetchall() if returning else cursor.rowcount
        c.close()

    process_runner.run(add, add)
    c = sqlite3.connect(db)
    assert c.execute("select bal from acc where id = 1").fetchone() == (102,)
    c.close()


@W
def test_right_sqlite_imm(db):
    c = sqlite3.connect(db, isolation_level=None)
    c.execute("BEGIN IMMEDIATE")
    (bal,) = c.execute("SELECT bal FROM acc WHERE id = ?", (1,)).fetchone()
    c.execute("UPDATE acc SET bal = ? WHERE id = ?", (bal + 10, 1))
    c.execute("COMMIT")
    c.close()


@W
def test_right_flock(path):
    with open(str(path) + ".lock", "w") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        n = int(path.read_text())
        path.write_text(str(n + 1))


@W
def test_right_excl(path):
    lock = str(path) + ".lock"
    while True:
        try:
            fd = os.open(lock, os.O_CREAT | os.O_EXCL | os.O_WRONLY)
            break
        except FileExistsError:
            time.sleep(0.01)
    try:
        n = int(path.read_text())
        path.write_text(str(n + 1))
    finally:
        os.close(fd)
        os.unlink(lock)


def test_right_queue(process_runner):
    q = ctx.Queue()

    def prod():
        for i in range(3):
            q.put(i)
        q.put(None)

    def cons():
        out = []
        while (x := q.get()) is not None:
            out.append(x)
        return out

    assert process_runner.run(prod, cons)[1] == [0, 1, 2]


def test_right_event(process_runner):
    e = ctx.Event()
    v = ctx.RawValue("i", 0)

    def a():
        v.value = 7
        e.set()

    def b():
        e.wait()
        return v.value

    assert process_runner.run(a, b)[1] == 7


def test_right_cond(process_runner):
    c = ctx.Condition()
    v = ctx.Value("i", 0)

    def a():
        with c:
            v.value = 1
            c.notify_all()

    def b():
        with c:
            while v.value == 0:
                c.wait()
        return v.value

    assert process_runner.run(a, b)[1] == 1


def test_wrong_cond_lost(process_runner):
    c = ctx.Condition()

    def a():
        with c:
            c.notify_all()

    def b():
        with c:
            c.wait()

    process_runner.run(b, a)


def test_wrong_shm_asserted(process_runner, shm):
    """The assert that fails looks into the memory, which its fixture closes all the same."""

    def add(n):
        (old,) = struct.unpack("q", shm.buf[:8])
        shm.buf[:8] = struct.pack("q", old + n)

    process_runner.run(lambda: add(3), lambda: add(4))
    assert struct.unpack("q", shm.buf[:8]) == (7,)


def test_wrong_cond_lost_at_once(process_runner):
    """Lost where the first worker runs first: the second waits for ever, without one preemption."""
    c = ctx.Condition()

    def notify():
        with c:
            c.notify()

    def wait():
        with c:
            c.wait()

    process_runner.run(notify, wait)


def test_wrong_queue_asked(process_runner):
    """Between ``empty`` and ``get`` the other takes the last item: one waits for ever, and nothing can come."""
    q = ctx.SimpleQueue()
    q.put(1)

    def take():
        return [] if q.empty() else [q.get()]

    a, b = process_runner.run(take, take)
    assert a + b == [1]


def bump(path, seconds):
    n = int(path.read_text())
    time.sleep(seconds)
    path.write_text(str(n + 1))


@pytest.fixture
def number(tmp_path):
    tmp_path.joinpath("n").write_text("0")
    return tmp_path / "n"


def test_wrong_update_across_a_sleep(process_runner, number):
    """Who is held until the other has written waits for a sleeper, too."""
    process_runner.run(lambda: bump(number, 0.01), workers=2)


def test_wrong_update_across_a_sleep_asserted(process_runner, number):
    """It fails in the very first order: the others come in between where a worker sleeps."""
    process_runner.run(lambda: bump(number, 0.01), workers=2)
    assert number.read_text() == "2"


def test_wrong_claim_across_a_sleep(process_runner, tmp_path):
    def claim(path):
        if path.exists():
            return False
        time.sleep(0.01)
        path.touch()
        return True

    assert sorted(process_runner.run(lambda: claim(tmp_path / "x"), workers=2)) == [False, True]


def test_right_polling_across_a_sleep(process_runner, number):
    """One sleeps again and again for what the other does; alone it would sleep for ever."""

    def poll():
        while number.read_text() == "0":
            time.sleep(0.01)

    process_runner.run(poll, lambda: bump(number, 0.01))


class OwnLock:
    def __init__(self, value):
        self.value, self.lock = value, ctx.RLock()

    def add(self):
        with self.lock:
            self.value.value += 1


@W
def test_wrong_lock_of_its_own(raw):
    """Each worker makes a lock; both may have the same handle."""
    OwnLock(raw).add()


def test_right_lock_made_before(process_runner):
    shared = OwnLock(ctx.RawValue("i", 0))
    process_runner.run(shared.add, shared.add)
    assert shared.value.value == 2


@W
def test_wrong_whole_array(arr):
    arr[:] = [number + 1 for number in arr]


@W
def test_right_whole_array(arr):
    with arr.get_lock():
        arr[:] = [number + 1 for number in arr]


@W
def test_right_array_set_whatever_it_was(arr):
    if arr[0] < 9:
        arr[:] = [9, 9, 9]


def test_right_parts_of_an_array(process_runner):
    """What is written was computed from an older state of the rest, which stays as it is."""
    arr = ctx.Array("i", 3)

    def first_two():
        old = arr[:]
        arr[0:2] = [sum(old) + 1] * 2

    def last():
        arr[2] = 5

    process_runner.run(first_two, last)
    assert arr[2] == 5


def test_right_parts_of_a_file(process_runner, tmp_path):
    path = tmp_path / "records"
    path.write_bytes(bytes(8))

    def head():
        with path.open("r+b") as f:
            data = f.read()
            f.seek(0)
            f.write(bytes([sum(data)]))

    def record():
        fd = os.open(path, os.O_RDWR)
        os.lseek(fd, 4, os.SEEK_SET)
        os.write(fd, b"\5")
        os.close(fd)

    process_runner.run(head, record)
    assert path.read_bytes()[4] == 5


def test_right_columns_of_one_row(process_runner, db):
    c = sqlite3.connect(db)
    c.execute("ALTER TABLE acc ADD COLUMN name TEXT DEFAULT ''")
    c.commit()
    c.close()

    def rate():
        c = sqlite3.connect(db, timeout=30)
        (name,) = c.execute("SELECT name FROM acc WHERE id = 1").fetchone()
        c.execute("UPDATE acc SET bal = ? WHERE id = 1", (len(name),))
        c.commit()
        c.close()

    def rename():
        c = sqlite3.connect(db, timeout=30)
        c.execute("UPDATE acc SET name = ? WHERE id = 1", ("Ada",))
        c.commit()
        c.close()

    process_runner.run(rate, rename)


def test_right_row_added_while_one_is_updated(process_runner, db):
    def count():
        c = sqlite3.connect(db, timeout=30)
        (n,) = c.execute("SELECT count(*) FROM acc").fetchone()
        c.execute("UPDATE acc SET bal = ? WHERE id = 1", (n,))
        c.commit()
        c.close()

    def add():
        c = sqlite3.connect(db, timeout=30)
        c.execute("INSERT INTO acc VALUES (7, 7)")
        c.commit()
        c.close()

    process_runner.run(count, add)


def test_wrong_barrier_of_three(process_runner):
    """Hangs in every order; the workers call it directly."""
    barrier = ctx.Barrier(3)
    process_runner.run(barrier.wait, barrier.wait)


def test_wrong_lock_never_released(process_runner):
    lock = ctx.Lock()
    process_runner.run(lock.acquire, lock.acquire)


def test_wrong_lock_taken_twice(process_runner):
    lock = ctx.Lock()

    def twice():
        with lock, lock:
            pass

    process_runner.run(twice, lambda: None)


def test_right_barrier(process_runner):
    b = ctx.Barrier(3)
    v = ctx.Array("i", 3)

    def go(i):
        v[i] = i + 1
        b.wait()
        return sum(v[j] for j in range(3))

    assert process_runner.map(go, range(3)) == [6, 6, 6]


def test_wrong_deadlock(process_runner):
    l1, l2 = ctx.Lock(), ctx.Lock()

    def a():
        with l1:
            with l2:
                pass

    def b():
        with l2:
            with l1:
                pass

    process_runner.run(a, b)


def test_right_pipe(process_runner):
    p, q = ctx.Pipe()

    def a():
        p.send(1)
        return p.recv()

    def b():
        n = q.recv()
        q.send(n + 1)

    assert process_runner.run(a, b)[0] == 2


def test_wrong_assert(process_runner):
    v = ctx.RawValue("i", 0)

    def a():
        v.value = 1
        v.value = 2

    def b():
        assert v.value != 1

    process_runner.run(a, b)


def test_right_semaphore(process_runner):
    s = ctx.Semaphore(1)
    v = ctx.RawValue("i", 0)

    def go():
        with s:
            v.value += 1

    process_runner.run(go, workers=3)
    assert v.value == 3


def test_right_initonce(process_runner):
    v = ctx.RawValue("i", 0)

    def go():
        if not v.value:
            v.value = 1

    process_runner.run(go, workers=2)


def test_right_status(process_runner, path):
    def go():
        path.read_text()
        path.write_text(f"{os.getpid()} {time.time()}")

    process_runner.run(go, workers=2)


def test_right_max(process_runner):
    v = ctx.Value("i", 0)

    def go(i):
        with v.get_lock():
            v.value = max(v.value, i)

    process_runner.map(go, [1, 5, 3])
    assert v.value == 5


def test_right_joinable(process_runner):
    q = ctx.JoinableQueue()

    def a():
        for i in range(2):
            q.put(i)
        q.join()

    def b():
        for i in range(2):
            q.get()
            q.task_done()

    process_runner.run(a, b)


def test_right_mlock(process_runner, man):
    lock = man.Lock()
    d = man.dict(a=0)

    def go():
        with lock:
            d["a"] += 1

    process_runner.run(go, workers=2)
    assert d["a"] == 2


def test_right_mqueue(process_runner, man):
    q = man.Queue()
    process_runner.run(lambda: q.put(1), lambda: q.get())
    assert q.empty()


def test_right_append(process_runner, path):
    def go():
        path.read_text()
        with open(path, "a") as f:
            f.write("line\n")

    process_runner.run(go, workers=2)
    assert path.read_text().count("line") == 2


def test_right_sleep(process_runner):
    e = ctx.Value("i", 0)

    def a():
        time.sleep(5)
        e.value = 1

    def b():
        while not e.value:
            time.sleep(0.5)
        return time.time()

    process_runner.run(a, b)


def test_right_directory_lock(process_runner, number):
    """As many tries as it takes while the other holds it, each after a sleep."""

    def locked():
        for _ in range(50):
            try:
                os.mkdir(number.with_suffix(".lock"))
                break
            except FileExistsError:
                time.sleep(0.02)
        else:
            raise TimeoutError
        bump(number, 0.01)
        os.rmdir(number.with_suffix(".lock"))

    process_runner.run(locked, workers=2)
    assert number.read_text() == "2"


def test_right_flock_on_the_file_itself(process_runner, number):
    def next_number():
        with open(number, "r+") as f:
            fcntl.flock(f, fcntl.LOCK_EX)
            n = int(f.read()) + 1
            f.seek(0)
            f.write(str(n))
            f.flush()
            return n

    assert set(process_runner.run(next_number, workers=2)) == {1, 2}


def test_right_exclusive_names(process_runner, tmp_path):
    def new_file():
        for n in range(1, 10):
            try:
                with open(tmp_path / f"batch-{n}", "x"):
                    return n
            except FileExistsError:
                continue

    assert sorted(process_runner.run(new_file, workers=3)) == [1, 2, 3]


def test_right_claim_by_rename(process_runner, tmp_path):
    for n in range(2):
        (tmp_path / f"{n}.job").write_text("")

    def claim(who):
        taken = []
        for name in sorted(os.listdir(tmp_path)):
            if name.endswith(".job"):
                try:
                    os.rename(tmp_path / name, tmp_path / f"{name}.{who}")
                except FileNotFoundError:
                    continue
                taken.append(name)
        return taken

    a, b = process_runner.run(lambda: claim("a"), lambda: claim("b"))
    assert sorted(a + b) == ["0.job", "1.job"]
