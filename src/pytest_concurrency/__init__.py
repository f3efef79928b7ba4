"""pytest-concurrency: deterministic concurrency testing for threads, processes and greenlets."""

__version__ = "0.1.0"
