"""A closure forwards an event only where it differs from the last one; two workers bring the same."""

EXPECT = {"codes": ["CH110", "CH102"], "max_schedule": None}


def without_repeats(send):
    last = None

    def forward(event):
        nonlocal last
        if event != last:  # BUG
            last = event  # BUG
            send(event)

    return forward


def test_sent_once(thread_runner):
    sent = []
    forward = without_repeats(sent.append)
    thread_runner.run(lambda: forward("full"), workers=2)
    assert sent == ["full"]
