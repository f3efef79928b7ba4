"""Reporters: one file a format, all fed with the JSON objects of :mod:`pytest_concurrency.model`."""
