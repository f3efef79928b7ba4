"""The ready flag is raised before the data is there."""

EXPECT = {"codes": ["CH110", "CH102", "CH103"], "max_schedule": None}


class Forecast:
    ready = False
    text = None

    def publish(self, text):
        self.ready = True  # BUG
        self.text = text  # BUG

    def read(self):
        if self.ready:  # BUG
            return self.text.upper()  # BUG
        return "UNKNOWN"


def test_forecast(thread_runner):
    forecast = Forecast()
    _, seen = thread_runner.run(lambda: forecast.publish("rain"), forecast.read)
    assert seen in ("RAIN", "UNKNOWN")
