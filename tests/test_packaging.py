"""What a stranger installs and pastes: the package's metadata, the README's commands, tox and the CI script agree."""

from __future__ import annotations

import configparser
import os
import re
import tomllib
from importlib.metadata import entry_points
from pathlib import Path

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def _readme_commands() -> list[str]:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    return re.findall(r"```console\n(.+)\n```", readme)


def test_pytest_finds_the_plugin() -> None:
    assert PROJECT["entry-points"]["pytest11"] == {"concurrency": "pytest_concurrency.plugin"}
    assert "pytest_concurrency.plugin" in {entry.value for entry in entry_points(group="pytest11")}


def test_core_dependencies_are_three() -> None:
    names = {re.match(r"[\w-]+", text).group() for text in PROJECT["dependencies"]}  # type: ignore[union-attr]
    assert names == {"pytest", "pluggy", "bytecode"}
    assert {"gevent", "coverage", "html", "all"} <= set(PROJECT["optional-dependencies"])


def test_readme_has_one_line_for_the_examples_and_one_for_the_tests() -> None:
    install_and_run, install_and_test = _readme_commands()
    assert install_and_run.endswith("pip install . && pytest examples")
    assert install_and_test.endswith("pip install tox tox-uv && tox")


def test_ci_runs_the_test_command_of_the_readme() -> None:
    script = ROOT / ".ci" / "run"
    assert os.access(script, os.X_OK)
    command = _readme_commands()[1].rpartition("&& ")[2]
    assert re.search(rf"pip install --quiet tox tox-uv && timeout [^|&]* {command}; }}", script.read_text("utf-8"))


def test_tox_runs_every_python_and_skips_those_that_are_missing() -> None:
    tox = configparser.ConfigParser()
    tox.read(ROOT / "tox.ini", encoding="utf-8")
    environments = set(tox["tox"]["env_list"].split(", "))
    assert environments == {"lint", "types", "docs", "py311", "py312", "py313", "py314", "py315"}
    assert tox["tox"].getboolean("skip_missing_interpreters")
    assert "UV_PYTHON_DOWNLOADS = never" in tox["testenv"]["set_env"]
