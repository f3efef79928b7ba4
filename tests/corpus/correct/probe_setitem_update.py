"""matrix[r, c] += v under the matrix' lock."""

import threading


class Matrix:
    def __init__(self, width, height):
        self.width = width
        self.cells = [0] * (width * height)
        self.lock = threading.Lock()

    def __getitem__(self, at):
        row, column = at
        return self.cells[row * self.width + column]

    def __setitem__(self, at, value):
        row, column = at
        self.cells[row * self.width + column] = value


def add(matrix, at, value):
    with matrix.lock:
        matrix[at] += value


def test_matrix(thread_runner):
    matrix = Matrix(2, 2)
    thread_runner.run(lambda: add(matrix, (1, 1), 4), lambda: add(matrix, (1, 1), 5))
    assert matrix[1, 1] == 9
