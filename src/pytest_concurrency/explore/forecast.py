"""What each worker is likely to do to shared locations, from what was observed."""

from __future__ import annotations

from collections import Counter

from ..instrument.sites import READ
from ..runtime.execution import Execution
from ..strategies.interpose import Forecast, Race
from .contention import SYNCHRONISING, Contention, body_of


def forecast_of(run: Execution, known: Contention) -> Forecast:
    """Return where each worker of ``run`` may meet another one: in each function that it or one with the same body came
    to, as any worker did there, since who came first may have done the work."""
    by_function: dict[tuple[str, str], dict[str, Race]] = {}
    for site, by_worker in known.racing.items():
        writes = site.action != READ or site.kind in SYNCHRONISING
        race = Race(site.group, writes, frozenset().union(*by_worker.values()))
        by_function.setdefault((site.path, site.qualname), {})[site.key] = race
    passed: dict[object, set[tuple[str, str]]] = {}
    for worker in run.workers:
        passed.setdefault(body_of(worker), set()).update((site.path, site.qualname) for site in worker.counts)
    forecast: dict[str, dict[str, Race]] = {}
    for worker in run.workers:
        own = forecast.setdefault(worker.path, {})
        for function in passed[body_of(worker)]:
            own.update(by_function.get(function, {}))
    return forecast


def changes_again(forecast: Forecast) -> bool:
    """Say whether a worker writes more than once where others may meet it, and so may put back what it has changed."""
    for races in forecast.values():
        writes = Counter[int]()
        for race in races.values():
            if race.write:
                writes[race.group] += len(race.times)
        if any(count > 1 for count in writes.values()):
            return True
    return False
