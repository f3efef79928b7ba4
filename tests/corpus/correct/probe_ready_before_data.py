"""The data is there before the ready flag is raised."""


class Forecast:
    ready = False
    text = None

    def publish(self, text):
        self.text = text
        self.ready = True

    def read(self):
        if self.ready:
            return self.text.upper()
        return "UNKNOWN"


def test_forecast(thread_runner):
    forecast = Forecast()
    _, seen = thread_runner.run(lambda: forecast.publish("rain"), forecast.read)
    assert seen in ("RAIN", "UNKNOWN")
