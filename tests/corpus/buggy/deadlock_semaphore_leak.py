"""A connection permit is not given back when the query fails."""

import threading

EXPECT = {"codes": ["CH104", "CH106"], "max_schedule": None}
permits = 1


class Database:
    def __init__(self):
        self.slots = threading.Semaphore(permits)

    def query(self, sql):
        self.slots.acquire()  # BUG
        try:
            if "drop" in sql:
                raise PermissionError(sql)
        except PermissionError:
            return None
        self.slots.release()  # BUG
        return sql


def test_queries(thread_runner):
    database = Database()
    thread_runner.run(lambda: database.query("drop table"), lambda: database.query("drop index"))
