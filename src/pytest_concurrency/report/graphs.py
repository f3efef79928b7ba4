"""Small directed graphs laid out on a circle: what waits for what, and which lock is taken after which."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .places import named

WIDTH = 360
NODE_HEIGHT = 30
LETTER = 7.0
"""Width of a letter of the labels."""
MOST_LETTERS = 20
MOST_NODES = 16


@dataclass(frozen=True, slots=True)
class Node:
    """A node with its centre; ``kind`` is "worker" or "lock"."""

    label: str
    kind: str
    x: float
    y: float
    width: float


@dataclass(frozen=True, slots=True)
class Edge:
    """An arrow as an SVG path, with a label and its place; ``kind`` as for CSS ("waits", "held", "order")."""

    path: str
    kind: str
    label: str
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Graph:
    """What the template draws; ``rows`` say the same in words."""

    width: int
    height: int
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    rows: tuple[str, ...]


def wait_for_graph(waits: Sequence[Mapping[str, Any]], noun: str = "worker") -> Graph | None:
    """Return the graph of a standstill: worker -> what it waits for -> who holds that; None where nothing waits.

    ``noun`` is what a worker is called.
    """
    links: list[tuple[tuple[str, str], tuple[str, str], str, str]] = []
    rows = []
    for wait in _cycle_first(waits):
        wanted = ("lock", wait["target"])
        links.append((("worker", named(wait["worker"], noun)), wanted, "waits", "waits for"))
        row = f"{named(wait['worker'], noun)} waits{_at(wait['path'], wait['line'])} for {wait['target']}"
        if wait["holder"]:
            links.append((wanted, ("worker", named(wait["holder"], noun)), "held", "held by"))
            row += f", held by {named(wait['holder'], noun)}{_at(wait['holder_path'], wait['holder_line'], 'since')}"
        rows.append(row)
    return _laid_out(links, rows)


def lock_order_graph(edges: Sequence[Mapping[str, Any]]) -> Graph | None:
    """Return the graph of the orders in which locks are taken; None where no order is known."""
    links = [(("lock", edge["held"]), ("lock", edge["wanted"]), "order", named(edge["worker"])) for edge in edges]
    rows = [
        f"{named(edge['worker'])} holds {edge['held']} and takes {edge['wanted']}{_at(edge['path'], edge['line'])}"
        for edge in edges
    ]
    return _laid_out(links, rows)


def _cycle_first(waits: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return the waits so that each holder's own wait follows; those outside the chain come last."""
    left = {wait["worker"]: wait for wait in waits}
    ordered: list[Mapping[str, Any]] = []
    for wait in sorted(waits, key=lambda wait: not wait["holder"]):
        following: Mapping[str, Any] | None = left.pop(wait["worker"], None)
        while following is not None:
            ordered.append(following)
            following = left.pop(following["holder"], None)
    return ordered


def _at(path: str, line: int, word: str = "at") -> str:
    return f" {word} {path}:{line}" if path and line else ""


def _laid_out(links: Iterable[tuple[tuple[str, str], tuple[str, str], str, str]], rows: Sequence[str]) -> Graph | None:
    links = list(dict.fromkeys(links))
    names = list(dict.fromkeys(end for link in links for end in link[:2]))[:MOST_NODES]
    if not names:
        return None
    radius_y = max(50, 22 * len(names)) if len(names) > 2 else 0
    height = int(2 * radius_y + NODE_HEIGHT + 50)
    nodes = {}
    for position, name in enumerate(names):
        angle = 2 * math.pi * position / len(names) - (math.pi / 2 if len(names) > 2 else math.pi)
        kind, label = name[0], name[1].removeprefix("the lock ")
        short = label if len(label) <= MOST_LETTERS else label[: MOST_LETTERS - 1] + "…"
        width = len(short) * LETTER + 20
        x = WIDTH / 2 + (WIDTH / 2 - width / 2 - 6) * math.cos(angle)
        nodes[name] = Node(short, kind, round(x, 1), round(height / 2 + radius_y * math.sin(angle), 1), width)
    pairs = {(a, b) for a, b, _, _ in links}
    drawn = [
        _edge(nodes[a], nodes[b], kind, label, bent=(b, a) in pairs)
        for a, b, kind, label in links
        if a in nodes and b in nodes
    ]
    return Graph(WIDTH, height, tuple(nodes.values()), tuple(drawn), tuple(rows))


def _edge(start: Node, end: Node, kind: str, label: str, bent: bool) -> Edge:
    """Return an arrow from border to border; ``bent`` where another one comes back between the same nodes."""
    dx, dy = end.x - start.x, end.y - start.y
    length = math.hypot(dx, dy) or 1.0
    bend = 34.0 if bent else 0.0
    mx = (start.x + end.x) / 2 - dy / length * bend
    my = (start.y + end.y) / 2 + dx / length * bend
    x1, y1 = _border(start, mx, my, 2)
    x2, y2 = _border(end, mx, my, 7)
    path = f"M{x1:.1f} {y1:.1f} Q{mx:.1f} {my:.1f} {x2:.1f} {y2:.1f}"
    return Edge(path, kind, label, round((x1 + 2 * mx + x2) / 4, 1), round((y1 + 2 * my + y2) / 4, 1))


def _border(node: Node, x: float, y: float, gap: float) -> tuple[float, float]:
    """Return where the line from a node's centre towards (x, y) leaves its box."""
    dx, dy = x - node.x, y - node.y
    length = math.hypot(dx, dy) or 1.0
    across = (node.width / 2) / abs(dx) if dx else math.inf
    down = (NODE_HEIGHT / 2) / abs(dy) if dy else math.inf
    part = min(across, down, 1.0)
    return node.x + dx * part + dx / length * gap, node.y + dy * part + dy / length * gap
