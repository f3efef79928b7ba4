"""The SARIF report, version 2.1.0, for code scanning services and editors.

Source: OASIS, "Static Analysis Results Interchange Format (SARIF) Version 2.1.0", 2020: thread flows (3.37),
suppressions (3.35), fingerprints (3.27.17), baselines (3.27.24).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path, PurePath
from typing import Any
from urllib.parse import quote

import pytest

from ..files import write_atomically
from ..hazards import CATALOGUE, Hazard
from .places import named, primary, told

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
ROOT = "%SRCROOT%"
FINGERPRINT = "concurrencyHazard/v1"
KINDS = {"acquire": ["acquire", "lock"], "release": ["release", "lock"], "raise": ["danger"]}
Object = dict[str, Any]


def write(results: Sequence[dict[str, Any]], path: str | None, config: pytest.Config) -> None:
    """Write the report to ``path``, or to standard output where it is None."""
    baseline = getattr(config.option, "concurrency_baseline", None) is not None
    text = json.dumps(document(results, config.rootpath, baseline), indent=2) + "\n"
    if path is None:
        print(text, end="")
    else:
        write_atomically(path, text)


def document(results: Sequence[Mapping[str, Any]], root: Path, baseline: bool = False) -> Object:
    """Return the SARIF log; ``baseline``: hazards were compared with one, and each result says how it stands."""
    release = version("pytest-concurrency")
    driver = {
        "name": "pytest-concurrency",
        "version": release,
        "semanticVersion": release,
        "rules": [_rule(hazard) for hazard in CATALOGUE.values()],
    }
    notes = [
        {"level": "note", "message": {"text": f"{result['nodeid']}: {note}"}}
        for result in results
        for note in result["notes"]
    ]
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {ROOT: {"uri": root.resolve().as_uri().rstrip("/") + "/"}},
        "invocations": [{"executionSuccessful": True, "toolExecutionNotifications": notes}],
        "results": [_result(result, hazard, baseline) for result in results for hazard in result["hazards"]],
    }
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def _rule(hazard: Hazard) -> Object:
    return {
        "id": hazard.code,
        "name": "".join(word.capitalize() for word in hazard.name.replace("-", " ").split()),
        "shortDescription": {"text": f"{hazard.name[0].upper()}{hazard.name[1:]}."},
        "fullDescription": {"text": hazard.cause},
        "help": {
            "text": f"{hazard.cause}\nFix: {hazard.fix}",
            "markdown": f"{hazard.cause}\n\n**Fix:** {hazard.fix}",
        },
        "defaultConfiguration": {"level": hazard.severity},
        "properties": {"tags": ["concurrency"]},
    }


def _result(result: Mapping[str, Any], hazard: Mapping[str, Any], baseline: bool) -> Object:
    path, line = primary(hazard, result)
    place = _physical(path, line)
    place["logicalLocations"] = [{"fullyQualifiedName": result["nodeid"], "kind": "function"}]
    found: Object = {
        "ruleId": hazard["code"],
        "level": "note" if result.get("xfailed") else "error" if hazard["severity"] == "error" else "warning",
        "message": {"text": f"{hazard['message'].rstrip('.')}."},
        "locations": [place],
        "properties": {
            "test": result["nodeid"],
            "runner": result["runner"],
            "schedule": hazard["schedule"],
            "preemptions": hazard["preemptions"],
            "reachable": hazard["reachable"],
            "replay": hazard["replay"],
            "seed": result["seed"],
        },
    }
    if hazard["code"] in CATALOGUE:
        found["ruleIndex"] = list(CATALOGUE).index(hazard["code"])
    if hazard["fingerprint"]:
        found["partialFingerprints"] = {FINGERPRINT: hazard["fingerprint"]}
    related = [
        {"id": number, **_physical(other["path"], other["line"]), "message": {"text": _sentence(other)}}
        for number, other in enumerate(hazard["locations"], 1)
        if other["path"] and other["line"]
    ]
    if len(related) > 1:
        found["relatedLocations"] = related
    flows = _thread_flows(hazard["steps"])
    if flows:
        found["codeFlows"] = [{"message": {"text": "The interleaving"}, "threadFlows": flows}]
    if baseline:
        found["baselineState"] = "unchanged" if hazard["known"] else "new"
    if hazard["known"]:
        found["suppressions"] = [{"kind": "external", "justification": "in the baseline"}]
    return found


def _thread_flows(steps: Sequence[Mapping[str, Any]]) -> list[Object]:
    """Return one thread flow a worker; ``executionOrder`` is the row's position in the interleaving."""
    flows: dict[str, Object] = {}
    for order, step in enumerate(steps, 1):
        flow = flows.setdefault(step["worker"], {"id": named(step["worker"]), "locations": []})
        entry: Object = {
            "executionOrder": order,
            "importance": "essential" if step["decides"] else "important",
            "location": {"message": {"text": _sentence(step)}},
        }
        if step["path"] and step["line"]:
            entry["location"].update(_physical(step["path"], step["line"], step["source"]))
        if step["action"] in KINDS:
            entry["kinds"] = KINDS[step["action"]]
        if step["value"] and step["action"] in ("read", "write"):
            entry["state"] = {step["target"]: {"text": step["value"]}}
        flow["locations"].append(entry)
    return list(flows.values())


def _sentence(place: Mapping[str, Any]) -> str:
    worker = f"{named(place['worker'])}: " if place["worker"] else ""
    return f"{worker}{told(place)}".strip()


def _physical(path: str, line: int, source: str = "") -> Object:
    region: Object = {"startLine": max(1, line)}
    if source:
        region["snippet"] = {"text": source}
    return {"physicalLocation": {"artifactLocation": _artifact(path), "region": region}}


def _artifact(path: str) -> Object:
    pure = PurePath(path)
    if pure.is_absolute():
        return {"uri": Path(path).as_uri()}
    return {"uri": quote(pure.as_posix()), "uriBaseId": ROOT}
