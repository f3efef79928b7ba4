"""deque.append and popleft are atomic."""

from collections import deque


def test_deque(thread_runner):
    line = deque()

    def join(name):
        line.append(name)

    def serve():
        try:
            return line.popleft()
        except IndexError:
            return None

    _, _, served = thread_runner.run(lambda: join("ann"), lambda: join("bob"), serve)
    left = list(line)
    assert sorted(left + ([served] if served else [])) == ["ann", "bob"]
