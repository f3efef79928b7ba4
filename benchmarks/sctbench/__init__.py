"""SCTBench in Python: how many schedules each strategy needs to the first failure, beside published means."""
