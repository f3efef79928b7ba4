"""Queue.shutdown where the version has it, a sentinel where it does not."""

import queue


def test_shutdown(thread_runner):
    jobs = queue.Queue()
    modern = hasattr(jobs, "shutdown")

    def produce():
        jobs.put("a")
        jobs.put("b")
        if modern:
            jobs.shutdown()
        else:
            jobs.put(None)

    def consume():
        got = []
        while True:
            try:
                job = jobs.get()
            except getattr(queue, "ShutDown", ()):
                break
            if job is None:
                break
            got.append(job)
        return got

    assert thread_runner.run(produce, consume)[1] == ["a", "b"]
