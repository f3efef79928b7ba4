"""Schedules as data: directives, tokens, minimising, and the database of failures."""
