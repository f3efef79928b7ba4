"""A point is replaced as one tuple."""


class Cursor:
    def __init__(self):
        self.at = (0, 0)

    def move(self, x, y):
        self.at = (x, y)

    def where(self):
        return self.at


def test_cursor(thread_runner):
    cursor = Cursor()
    _, seen = thread_runner.run(lambda: cursor.move(3, 4), cursor.where)
    assert seen in ((0, 0), (3, 4))
