"""Two plug-ins put their settings on top of a ChainMap kept in an attribute: one layer is gone."""

from collections import ChainMap

EXPECT = {"codes": ["CH101", "CH110"], "max_schedule": None}


class Settings:
    def __init__(self):
        self.values = ChainMap({"debug": False})

    def override(self, **layer):
        self.values = self.values.new_child(layer)  # BUG


def test_override(thread_runner):
    settings = Settings()
    thread_runner.run(lambda: settings.override(debug=True), lambda: settings.override(depth=3))
    assert dict(settings.values) == {"debug": True, "depth": 3}
