"""Writes docs/hazards.md from the catalogue of hazards.

usage: python docs/generate_hazards.py
"""

from __future__ import annotations

from pathlib import Path

from pytest_concurrency.hazards import CATALOGUE, ERROR

TARGET = Path(__file__).parent / "hazards.md"
FAMILIES = {
    "CH1": ("Threads", "stress_threads", "thread_runner"),
    "CH2": ("Parallelism", "", ""),
    "CH3": ("Greenlets", "stress_greenlets", "greenlet_runner"),
    "CH4": ("Processes", "stress_processes", "process_runner"),
}
HEAD = """\
# Hazards

This page is made from `src/pytest_concurrency/hazards.py` by `python docs/generate_hazards.py`; do not edit it.
`pytest --concurrency-hazards` prints the same catalogue.

An **error** fails the test, and only what was demonstrated is an error. A **warning** is listed in the summary and
fails nothing. `concurrency_error = CODE ...` and `concurrency_ignore = CODE ...` in the ini file and `ignore=["CODE"]`
in a marker change that. Not every hazard of the catalogue is looked for yet: see [limits](limits.md).
"""


def render() -> str:
    """Return the page as Markdown."""
    parts = [HEAD]
    for prefix, (title, marker, fixture) in FAMILIES.items():
        hazards = [hazard for code, hazard in CATALOGUE.items() if code.startswith(prefix)]
        parts.append(f"\n## {title}\n")
        if marker:
            parts.append(f"\nMarker `{marker}`, fixture `{fixture}`.\n")
        parts.append("\n| code | name | severity |\n| --- | --- | --- |\n")
        parts += [f"| [{h.code}](#{h.code.lower()}) | {h.name} | {h.severity} |\n" for h in hazards]
        for hazard in hazards:
            kind = "an error" if hazard.severity == ERROR else "a warning"
            parts.append(f'\n<a id="{hazard.code.lower()}"></a>\n\n### {hazard.code}: {hazard.name} ({kind})\n')
            parts.append(f"\n{hazard.cause}\n\n**Fix:** {hazard.fix}\n")
    return "".join(parts)


if __name__ == "__main__":
    TARGET.write_text(render(), encoding="utf-8")
