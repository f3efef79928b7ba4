"""`if self.callback: self.callback()`: the callback is taken away in between."""

EXPECT = {"codes": ["CH110", "CH102"], "max_schedule": None}


class Button:
    def __init__(self):
        self.callback = None

    def click(self):
        if self.callback is not None:  # BUG
            return self.callback()  # BUG
        return "nothing"

    def disconnect(self):
        self.callback = None  # BUG


def test_button(thread_runner):
    button = Button()
    button.callback = lambda: "clicked"
    outcome, _ = thread_runner.run(button.click, button.disconnect)
    assert outcome in ("clicked", "nothing")
