"""matrix[r, c] += v on a class with its own __getitem__ and __setitem__."""

EXPECT = {"codes": ["CH110", "CH101"], "max_schedule": None}


class Matrix:
    def __init__(self, width, height):
        self.width = width
        self.cells = [0] * (width * height)

    def __getitem__(self, at):
        row, column = at
        return self.cells[row * self.width + column]  # BUG

    def __setitem__(self, at, value):
        row, column = at
        self.cells[row * self.width + column] = value  # BUG


def add(matrix, at, value):
    matrix[at] += value  # BUG


def test_matrix(thread_runner):
    matrix = Matrix(2, 2)
    thread_runner.run(lambda: add(matrix, (1, 1), 4), lambda: add(matrix, (1, 1), 5))
    assert matrix[1, 1] == 9
