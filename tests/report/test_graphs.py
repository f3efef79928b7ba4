"""The graphs of a deadlock: nodes in the frame, arrows from border to border, the same in words."""

from __future__ import annotations

import re

from pytest_concurrency.report.graphs import NODE_HEIGHT, lock_order_graph, wait_for_graph


def wait(worker, target, holder, line=3):
    return {"worker": worker, "path": "a.py", "line": line, "target": target, "holder": holder,
            "holder_path": "a.py" if holder else "", "holder_line": 2 if holder else 0}  # fmt: skip


def test_a_cycle_of_two():
    graph = wait_for_graph([wait("0", "the lock b", "1"), wait("1", "the lock a", "0", 5)])
    assert graph is not None
    assert [(node.label, node.kind) for node in graph.nodes] == [
        ("worker 0", "worker"), ("b", "lock"), ("worker 1", "worker"), ("a", "lock")
    ]  # fmt: skip
    assert [edge.kind for edge in graph.edges] == ["waits", "held", "waits", "held"]
    assert graph.rows[0] == "worker 0 waits at a.py:3 for the lock b, held by worker 1 since a.py:2"


def test_everything_lies_within_the_frame_also_for_many_workers():
    for count in range(1, 20):
        waits = [wait(str(n), f"the lock with_a_very_long_name_{n}", str((n + 1) % count)) for n in range(count)]
        graph = wait_for_graph(waits)
        assert graph is not None
        for node in graph.nodes:
            assert 0 <= node.x - node.width / 2 and node.x + node.width / 2 <= graph.width
            assert NODE_HEIGHT / 2 <= node.y <= graph.height - NODE_HEIGHT / 2
        for edge in graph.edges:
            assert all(-1 <= float(number) <= 1000 for number in re.findall(r"-?[\d.]+", edge.path))
        assert len(graph.rows) == count


def test_a_wait_that_nobody_ends_and_nothing_at_all():
    graph = wait_for_graph([wait("main", "Thread.join", ""), wait("0", "Queue.get", "")])
    assert graph is not None
    assert graph.rows == ("test waits at a.py:3 for Thread.join", "worker 0 waits at a.py:3 for Queue.get")
    assert [edge.kind for edge in graph.edges] == ["waits", "waits"]
    assert wait_for_graph([]) is None
    assert lock_order_graph([]) is None


def test_two_orders_between_the_same_locks_are_bent_apart():
    edges = [
        {"worker": w, "held": a, "wanted": b, "path": "a.py", "line": 3}
        for w, a, b in (("0", "x", "y"), ("1", "y", "x"))
    ]
    graph = lock_order_graph(edges)
    assert graph is not None
    assert [edge.label for edge in graph.edges] == ["worker 0", "worker 1"]
    assert abs(graph.edges[0].y - graph.edges[1].y) > 20
    assert graph.rows[0] == "worker 0 holds x and takes y at a.py:3"
