"""The callback is read once into a local."""


class Button:
    def __init__(self):
        self.callback = None

    def click(self):
        callback = self.callback
        if callback is not None:
            return callback()
        return "nothing"

    def disconnect(self):
        self.callback = None


def test_button(thread_runner):
    button = Button()
    button.callback = lambda: "clicked"
    outcome, _ = thread_runner.run(button.click, button.disconnect)
    assert outcome in ("clicked", "nothing")
