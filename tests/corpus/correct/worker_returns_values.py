"""Workers compute and return; the test adds up."""


class Shape:
    def __init__(self, *sides):
        self.sides = sides

    def perimeter(self):
        total = 0
        for side in self.sides:
            total += side
        return total


def test_perimeters(thread_runner):
    shapes = [Shape(3, 4, 5), Shape(1, 1, 1, 1)]
    assert thread_runner.map(lambda s: s.perimeter(), shapes) == [12, 4]
