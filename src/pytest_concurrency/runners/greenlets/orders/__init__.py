"""Exploring the orders in which greenlets can run: which ready greenlet the hub turns to next is a strategy's choice.

:mod:`.loop` stands in for the hub's loop, :mod:`.run` is one run under a strategy, :mod:`.explore` many of them.
Nothing here is imported before a greenlet test is explored.
"""
