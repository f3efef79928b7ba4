"""A log kept as one growing string: += on an immutable value."""

EXPECT = {"codes": ["CH101", "CH110"], "max_schedule": 10}


class Transcript:
    text = ""

    def say(self, who, words):
        self.text += f"{who}: {words}\n"  # BUG


def test_transcript(thread_runner):
    transcript = Transcript()
    thread_runner.run(lambda: transcript.say("ann", "hi"), lambda: transcript.say("bob", "hello"))
    assert len(transcript.text.splitlines()) == 2
