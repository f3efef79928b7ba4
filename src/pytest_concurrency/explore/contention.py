"""What an observing run teaches: which sites touch what workers share, and how often each worker does."""

from __future__ import annotations

from collections.abc import Iterable

from ..instrument.sites import Site
from ..runtime.execution import Execution, Location


def contended(location: Location) -> bool:
    """Say whether two workers use the location, one writing, with neither thread start nor a common lock between."""
    tags = list(location.tags)
    if not any(tag.write for tag in tags):
        return False
    return any(
        a.index != b.index and (a.write or b.write) and a.unordered(b) and not (a.held & b.held)
        for i, a in enumerate(tags)
        for b in tags[i:]
    )


class Contention:
    """Knowledge about sites that grows from one observing run to the next."""

    def __init__(self) -> None:
        self.contended: set[Site] = set()
        self.seen: set[Site] = set()
        self.synchronising: set[Site] = set()
        self.counts: dict[str, dict[int, int]] = {}
        self._groups: dict[Site, Site] = {}

    def learn(self, run: Execution) -> None:
        """Take in what ``run`` observed."""
        for location in run.locations.values():
            self.seen |= location.sites
            if len(location.tags) > 1 and contended(location):
                self.contended |= location.sites
                first, *rest = location.sites
                for site in rest:
                    self._union(first, site)
        numbers: dict[Site, int] = {}
        for site in self.contended:
            root = self._find(site)
            site.group = numbers.setdefault(root, len(numbers) + 1)
        self.synchronising |= {
            site for _, site in run.occurrences if site.kind in ("with", "method", "call") and site not in self.seen
        }
        self.counts = {}
        paths = {worker.index: worker.path for worker in run.workers}
        for (index, site), count in run.occurrences.items():
            counts = self.counts.setdefault(paths[index], {})
            counts[site.group] = counts.get(site.group, 0) + count

    def focus(self, sites: Iterable[Site]) -> None:
        """Silence the sites that were seen and found to touch nothing that workers share."""
        for site in sites:
            site.contended = site not in self.seen or site in self.contended
            site.off = not site.contended

    def _find(self, site: Site) -> Site:
        while (parent := self._groups.get(site, site)) is not site:
            site = parent
        return site

    def _union(self, a: Site, b: Site) -> None:
        roots = sorted((self._find(a), self._find(b)), key=lambda s: s.key)
        if roots[0] is not roots[1]:
            self._groups[roots[1]] = roots[0]
