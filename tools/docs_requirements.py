"""docs/requirements.md: what is asked of electronic records, what Escalon does, tests that show it, what stays elsewhere."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

SOURCE = "requirements.toml"
TESTS = "tests/casebook/"

HEAD = """# Requirements on electronic records

Escalon makes no claim to comply with, or to be validated or certified under, anything. This page says, for each requirement
that software can help to meet, what Escalon does about it and which tests show that; and what stays with the hospital.
The requirements are summarised in our words; the sources decide.
"""


def requirements_page(docs: Path) -> str:
    """The page, written from `requirements.toml` in the folder of the pages."""
    read = tomllib.loads((docs / SOURCE).read_text(encoding="utf-8"))
    parts = [HEAD, *(f"- **{one['id']}** – [{one['name']}]({one['link']})" for one in read["source"]), ""]
    for requirement in read["requirement"]:
        parts += _section(requirement)
    return "\n".join(parts).rstrip() + "\n"


def _section(one: dict[str, Any]) -> list[str]:
    shown = [f"  - `{TESTS}{test}`" for test in one["tests"]]
    lines = [f"## {one['id']}", "", f"**Asks:** {one['asks']}", ""]
    lines += [f"**Escalon:** {one['does']}", ""] if one["does"] else []
    lines += ["**Shown by:**", "", *shown, ""] if shown else []
    lines += [f"**The hospital:** {one['hospital']}", ""] if one["hospital"] else []
    return lines
