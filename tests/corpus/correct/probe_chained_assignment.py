"""Two values in one tuple, which is replaced as a whole."""


class Window:
    def __init__(self):
        self.bounds = (0, 0)

    def centre_on(self, value):
        self.bounds = (value, value)

    def width(self):
        low, high = self.bounds
        return high - low


def test_width(thread_runner):
    window = Window()
    _, width = thread_runner.run(lambda: window.centre_on(5), window.width)
    assert width == 0
