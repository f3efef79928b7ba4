"""Each worker computes with its own decimal context."""

import decimal


def third(digits):
    with decimal.localcontext() as context:
        context.prec = digits
        return str(decimal.Decimal(1) / decimal.Decimal(3))


def test_decimals(thread_runner):
    assert thread_runner.map(third, [2, 5]) == ["0.33", "0.33333"]
