"""min() picks the least loaded server; both workers pick the same."""

EXPECT = {"codes": ["CH110", "CH102"], "max_schedule": None}


class Balancer:
    def __init__(self, *servers):
        self.jobs = {server: [] for server in servers}

    def assign(self, job):
        server = min(self.jobs, key=lambda s: len(self.jobs[s]))  # BUG
        self.jobs[server].append(job)  # BUG


def test_balanced(thread_runner):
    balancer = Balancer("east", "west")
    thread_runner.map(balancer.assign, ["j1", "j2"])
    assert [len(jobs) for jobs in balancer.jobs.values()] == [1, 1]
