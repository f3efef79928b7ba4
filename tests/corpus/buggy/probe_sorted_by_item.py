"""Names are sorted by what a dictionary holds for them; one is taken out while the key function runs."""

EXPECT = {"codes": ["CH110", "CH108", "CH102"], "max_schedule": None}


class Ages:
    def __init__(self):
        self.ages = {"ann": 40, "bob": 30, "cid": 50}

    def by_age(self):
        return sorted(self.ages, key=lambda name: self.ages[name])  # BUG

    def forget(self, name):
        del self.ages[name]  # BUG


def test_sorted(thread_runner):
    people = Ages()
    names, _ = thread_runner.run(people.by_age, lambda: people.forget("cid"))
    assert names[:2] == ["bob", "ann"]
