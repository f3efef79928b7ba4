"""Writers copy and swap under a lock; readers take the reference without one."""

import threading


class Routes:
    def __init__(self):
        self._lock = threading.Lock()
        self._routes = {"/": "home"}

    def add(self, path, name):
        with self._lock:
            routes = dict(self._routes)
            routes[path] = name
            self._routes = routes

    def names(self):
        return [name for name in self._routes.values()]


def test_routes(thread_runner):
    routes = Routes()
    seen, _, _ = thread_runner.run(routes.names, lambda: routes.add("/a", "about"), lambda: routes.add("/b", "blog"))
    assert seen[0] == "home"
    assert sorted(routes.names()) == ["about", "blog", "home"]
