"""A re-entrant lock is taken again by a helper method and by recursion."""

import threading


class Tree:
    def __init__(self):
        self.lock = threading.RLock()
        self.nodes = 0

    def grow(self, depth):
        with self.lock:
            self.nodes += 1
            if depth:
                self.grow(depth - 1)


def test_tree(thread_runner):
    tree = Tree()
    thread_runner.run(lambda: tree.grow(2), lambda: tree.grow(1))
    assert tree.nodes == 5
