"""Two transitions out of the same state both succeed."""

EXPECT = {"codes": ["CH110", "CH102"], "max_schedule": None}


class Order:
    def __init__(self):
        self.state = "open"
        self.history = ["open"]

    def go(self, new):
        if self.state != "open":  # BUG
            return False
        self.state = new  # BUG
        self.history.append(new)
        return True


def test_one_transition(thread_runner):
    order = Order()
    done = thread_runner.run(lambda: order.go("paid"), lambda: order.go("cancelled"))
    assert done.count(True) == 1
    assert len(order.history) == 2
