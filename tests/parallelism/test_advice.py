from dataclasses import replace

from pytest_concurrency.parallelism import advice
from pytest_concurrency.parallelism.advice import costlier_than_work, joined_one_by_one, notes, row, verdict
from pytest_concurrency.parallelism.model import Hot, LockUse, Measurement, ProcessFigure, Profile, Round, Usage
from pytest_concurrency.parallelism.spawns import Site
from pytest_concurrency.parallelism.table import render

ALONE = Usage(0.020, 0.020, 0.0)
TURNS = Round((Usage(0.020, 0.020, 0.0), Usage(0.040, 0.020, 0.0)), 0.040, 1.0)


def made(profile, **changes):
    return Measurement(workers=2, gil=True, alone=(ALONE,) * 2, together=(TURNS, TURNS), profile=profile, **changes)


def test_ch201_says_what_processes_give():
    finding = verdict(made(Profile(20, 0.9), processes=ProcessFigure(2, 2, 1.9, 1.9)))
    assert finding.code == "CH201"
    assert "2 threads are 1.0 times as fast" in finding.message
    assert "2 processes 1.9x on 2 cores" in finding.message
    assert "hashlib" in finding.detail


def test_ch201_says_where_the_workers_compute():
    hot = Hot("Model.fit", "a.py", 7, 0.8)
    finding = verdict(made(Profile(20, 0.9, hot=hot)))
    assert "they compute in Python (mostly in Model.fit, a.py:7), and the GIL" in finding.message
    assert [(each.path, each.line, each.action, each.target) for each in finding.locations] == [
        ("a.py", 7, "compute", "Model.fit")
    ]
    assert "most often in Model.fit" in verdict(made(Profile(20, 0.9, hot=replace(hot, share=0.3)))).message


def test_ch201_does_not_send_small_work_to_processes_one_by_one():
    assert "One call takes 20 us: hand a process many" in verdict(made(Profile(20, 0.9), repeats=1000)).detail
    assert "One call takes" not in verdict(made(Profile(20, 0.9))).detail


def test_ch201_on_one_processor_does_not_promise_what_it_cannot_give(monkeypatch):
    monkeypatch.setattr(advice, "usable_cores", lambda: 1)
    assert "may use one processor only" in verdict(made(Profile(20, 0.9))).detail
    monkeypatch.setattr(advice, "usable_cores", lambda: 2)
    assert "may use one processor only" not in verdict(made(Profile(20, 0.9))).detail


def test_a_figure_from_a_busy_machine_is_called_one():
    finding = verdict(made(Profile(20, 0.9), processes=ProcessFigure(2, 2, 1.1, 1.9)))
    assert "2 processes 1.1x on 2 cores (1.9x by CPU time: the machine is busy now)" in finding.message


def test_ch202_names_the_lock_and_does_not_promise_what_the_gil_forbids():
    lock = LockUse("self.lock", 0.97, 0.95, ("a.py", 7), ("a.py", 3))
    finding = verdict(made(Profile(20, 0.9, (lock,))))
    assert finding.code == "CH202"
    assert "self.lock (taken at a.py:7, created at a.py:3)" in finding.message
    assert "97%" in finding.message
    assert "the GIL is next" in finding.detail


def test_no_cause_is_a_note_and_no_finding():
    found = made(Profile(20, 0.0))
    assert verdict(found) is None
    assert "neither one lock nor the GIL" in notes(found)[0]


def test_sites():
    site = Site("process", ("a.py", 4), 3, 10e-6, 60e-6)
    assert joined_one_by_one(site).message.startswith("3 processes started at a.py:4, each joined")
    assert "takes 60 us of CPU time, its work 10 us" in costlier_than_work(site).message


def test_table():
    rows = [
        {"nodeid": "test_a.py::test_b", "parallelism": row(made(Profile(20, 0.9))).to_json()},
        {"nodeid": "test_a.py::test_other"},
        {"nodeid": "c", "parallelism": row(Measurement(workers=3, gil=True, problem="x")).to_json()},
    ]
    assert render(rows) == [
        "test               workers    alone  together  speed-up  sigma  verdict",
        "test_a.py::test_b        2  20.0 ms   40.0 ms      1.0x   1.00  serialised (CH201)",
        "c                        3        -         -         -      -  inconclusive",
    ]
    assert render([{"nodeid": "c"}]) == []
