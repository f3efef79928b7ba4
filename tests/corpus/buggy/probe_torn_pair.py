"""A point is moved in two assignments: a reader sees a point that never was."""

EXPECT = {"codes": ["CH110", "CH102", "CH103"], "max_schedule": None}


class Cursor:
    def __init__(self):
        self.x, self.y = 0, 0

    def move(self, x, y):
        self.x = x  # BUG
        self.y = y  # BUG

    def where(self):
        return (self.x, self.y)  # BUG


def test_cursor(thread_runner):
    cursor = Cursor()
    _, seen = thread_runner.run(lambda: cursor.move(3, 4), cursor.where)
    assert seen in ((0, 0), (3, 4))
