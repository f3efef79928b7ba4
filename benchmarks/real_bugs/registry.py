"""The defects: package, versions, the hazards of which one has to be reported."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Bug:
    """One defect; its scenario is ``scenarios/test_<name>.py``.

    ``codes`` are the hazards that say what is wrong; ``newest`` is the newest Python (major, minor) that both versions
    run on, None where there is no such limit; ``extra`` are more requirements for both environments.
    """

    name: str
    package: str
    buggy: str
    mended: str
    codes: tuple[str, ...]
    newest: tuple[int, int] | None = None
    extra: tuple[str, ...] = ()

    @property
    def scenario(self) -> str:
        """The name of the test file."""
        return f"test_{self.name}.py"

    def version(self, mended: bool) -> str:
        """Return the mended version, or the buggy one."""
        return self.mended if mended else self.buggy


BUGS: tuple[Bug, ...] = (
    Bug("cachetools", "cachetools", "3.1.1", "4.2.1", ("CH110",)),
    Bug("paho_mqtt", "paho-mqtt", "1.3.1", "1.4.0", ("CH101", "CH110")),
    Bug("fasteners", "fasteners", "0.17.2", "0.17.3", ("CH104", "CH106")),
    Bug("pykka", "pykka", "4.2.0", "4.3.0", ("CH104", "CH106")),
    Bug("redis", "redis", "3.3.11", "3.4.1", ("CH110",), newest=(3, 11)),
    Bug("watchdog", "watchdog", "6.0.0", "7.0.0", ("CH110",)),
    Bug("statsd", "statsd", "3.0", "3.0.1", ("CH110",)),
    Bug("elastic_apm", "elastic-apm", "5.5.2", "5.6.0", ("CH110",)),
    Bug("sqlparse", "sqlparse", "0.4.4", "0.5.0", ("CH110",)),
    Bug("responses", "responses", "0.20.0", "0.21.0", ("CH110",)),
    Bug("urllib3", "urllib3", "1.26.15", "1.26.16", ("CH110",), newest=(3, 11)),
    Bug("wrapt", "wrapt", "1.14.1", "1.15.0", ("CH104",), newest=(3, 11)),
    Bug("pyee", "pyee", "7.0.4", "8.1.0", ("CH110",)),
    Bug("apipkg", "apipkg", "1.5", "2.1.1", ("CH110",)),
    Bug("opentelemetry", "opentelemetry-sdk", "1.39.0", "1.41.0", ("CH110",)),
    Bug("loguru", "loguru", "0.2.3", "0.2.5", ("CH110",)),
)


def select(names: list[str]) -> tuple[Bug, ...]:
    """Return the defects of these names, all where there are none; raise ValueError for an unknown one."""
    known = {bug.name: bug for bug in BUGS}
    unknown = [name for name in names if name not in known]
    if unknown:
        raise ValueError(f"no such defect: {', '.join(unknown)}; there are {', '.join(known)}")
    return tuple(known[name] for name in names) or BUGS
