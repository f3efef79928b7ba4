"""Controlled exploration of worker processes: one of them runs at a time, the strategies of the engine decide which.

The test's process (the *conductor*) forks the workers of a schedule. In each of them, and only there, what processes
share is reached through hooks: shared memory, manager proxies, files, databases, locks, queues, pipes. A hook announces
to the conductor what is about to happen and waits for its turn. What happened is recorded as the same plain rows that
the thread engine records, so that exploring, shortening, explaining and replaying are the same code for both.
"""
