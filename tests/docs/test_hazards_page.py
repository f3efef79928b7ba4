"""docs/hazards.md is what the catalogue says today."""

from __future__ import annotations

import runpy
from pathlib import Path

DOCS = Path(__file__).parent.parent.parent / "docs"


def test_hazards_page_is_up_to_date() -> None:
    render = runpy.run_path(str(DOCS / "generate_hazards.py"))["render"]
    page = (DOCS / "hazards.md").read_text(encoding="utf-8")
    assert page == render(), "run: python docs/generate_hazards.py"
