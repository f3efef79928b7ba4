"""Iterating over dict(d), a copy made in one atomic step."""


def test_totals(thread_runner):
    sales = {"tea": 1, "milk": 2}

    def total():
        result = 0
        for amount in dict(sales).values():
            result += amount
        return result

    def add():
        sales["rice"] = 4
        sales.pop("tea", None)

    got, _ = thread_runner.run(total, add)
    assert got in (3, 7, 6)
