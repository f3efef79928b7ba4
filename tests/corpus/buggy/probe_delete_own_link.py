"""A child takes itself away from its parent where it is still there."""

EXPECT = {"codes": ["CH110", "CH108", "CH102"], "max_schedule": None}


class Node:
    def __init__(self, parent=None):
        self.parent = parent
        if parent is not None:
            parent.child = self

    def detach(self):
        if getattr(self.parent, "child", None) is self:  # BUG
            del self.parent.child  # BUG


def test_detach(thread_runner):
    root = Node()
    leaf = Node(root)
    thread_runner.run(leaf.detach, workers=2)
    assert not hasattr(root, "child")
