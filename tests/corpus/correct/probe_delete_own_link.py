"""A child takes itself away from a dictionary with pop, which needs no check."""


class Node:
    def __init__(self, parent=None):
        self.parent = parent
        self.children = {}
        if parent is not None:
            parent.children["child"] = self

    def detach(self):
        self.parent.children.pop("child", None)


def test_detach(thread_runner):
    root = Node()
    leaf = Node(root)
    thread_runner.run(leaf.detach, workers=2)
    assert not root.children
