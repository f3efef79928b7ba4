"""pytest-concurrency: deterministic concurrency testing for threads, processes and greenlets.

PYTEST_DONT_REWRITE: the process of greenlet tests imports this package before pytest, which would warn of that.
"""

__version__ = "0.1.0"
