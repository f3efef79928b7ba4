"""Names are sorted by what a copy of a dictionary holds for them."""


class Ages:
    def __init__(self):
        self.ages = {"ann": 40, "bob": 30, "cid": 50}

    def by_age(self):
        ages = self.ages.copy()
        return sorted(ages, key=lambda name: ages[name])

    def forget(self, name):
        del self.ages[name]


def test_sorted(thread_runner):
    people = Ages()
    names, _ = thread_runner.run(people.by_age, lambda: people.forget("cid"))
    assert names[:2] == ["bob", "ann"]
