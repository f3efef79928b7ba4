"""min() and the assignment under a lock."""

import threading


class Balancer:
    def __init__(self, *servers):
        self.jobs = {server: [] for server in servers}
        self.lock = threading.Lock()

    def assign(self, job):
        with self.lock:
            server = min(self.jobs, key=lambda s: len(self.jobs[s]))
            self.jobs[server].append(job)


def test_balanced(thread_runner):
    balancer = Balancer("east", "west")
    thread_runner.map(balancer.assign, ["j1", "j2"])
    assert [len(jobs) for jobs in balancer.jobs.values()] == [1, 1]
