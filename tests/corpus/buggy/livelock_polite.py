"""Both announce that they want the door and wait until the other does not."""

EXPECT = {"codes": ["CH107"], "max_schedule": None}


class Door:
    def __init__(self):
        self.wants = {"ann": False, "bob": False}
        self.passed = []

    def walk(self, me, other):
        self.wants[me] = True  # BUG
        while self.wants[other]:  # BUG
            pass  # BUG
        self.passed.append(me)
        self.wants[me] = False


def test_door(thread_runner):
    door = Door()
    thread_runner.run(lambda: door.walk("ann", "bob"), lambda: door.walk("bob", "ann"))
    assert sorted(door.passed) == ["ann", "bob"]
