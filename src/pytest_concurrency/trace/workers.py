"""Workers by their paths: "main" is the test itself, "0" the first worker that it started, "0.1" the second of that."""

from __future__ import annotations

TEST = "main"
"""The path of the test's own thread or process."""


def in_order(worker: str) -> tuple[bool, list[int]]:
    """Return a key that sorts the paths of workers by their creation, the test first."""
    return worker != TEST, [int(part) if part.isdigit() else -1 for part in worker.split(".")]


def in_a_sentence(worker: str) -> str:
    """Return how a sentence speaks of ``worker``."""
    return "the test" if worker == TEST else f"worker {worker}"
