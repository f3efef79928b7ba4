"""State and helpers that another module imports: not a test."""

stock = 100
reserved = {}
