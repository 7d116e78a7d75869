"""docs/lint.md: every kind of remark that lint makes, from the table the code reads."""

from __future__ import annotations

from escalon.protocol.remarks import RemarkKind, kinds
from tools.docs_markdown import table

HEAD = """# What lint finds

`escalon study lint STUDY` names what is open or wrong in a study folder that can be read. An **error** must be mended before the
study is used, a **warning** wants a look, an **assumption** wants a signature (`escalon study sign`). `--json` gives each with
its id, file and line.

"""
FOOT = """

What cannot be read at all (an unknown key, a number without its unit, a level in bags) is refused by every command with file,
line and what to write; [every key](study-keys.md) says what may be written.
"""


def lint_page() -> str:
    """The whole page."""
    return (
        HEAD
        + table(("id", "kind", "severity", "what it means", "how it is mended"), map(_row, kinds().values()))
        + FOOT
    )


def _row(one: RemarkKind) -> tuple[str, ...]:
    return one.id, one.name, f"{one.graver} or {one.severity}" if one.graver else one.severity, one.means, one.cure
