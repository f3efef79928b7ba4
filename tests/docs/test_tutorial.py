"""The programs of the tutorial do what it says of them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

TUTORIAL = Path(__file__).parent.parent.parent / "docs" / "tutorial.md"
STEP = re.compile(r"<!-- expect: (passed|failed)=1 ?(\S*) -->\n\n```python\n# (\S+)\n(.*?)```", re.DOTALL)
STEPS = STEP.findall(TUTORIAL.read_text(encoding="utf-8"))


@pytest.mark.parametrize("step", STEPS, ids=[f"{n}-{step[0]}" for n, step in enumerate(STEPS, 1)])
def test_step(pytester: pytest.Pytester, step: tuple[str, str, str, str]) -> None:
    outcome, code, file, source = step
    pytester.path.joinpath(file).write_text(f"# {file}\n{source}", encoding="utf-8")
    result = pytester.runpytest_subprocess("-p", "no:randomly", file)
    result.assert_outcomes(**{outcome: 1})
    if code:
        result.stdout.fnmatch_lines([f"{code} *"])


def test_the_tutorial_has_steps_of_both_kinds() -> None:
    assert {step[0] for step in STEPS} == {"passed", "failed"}
