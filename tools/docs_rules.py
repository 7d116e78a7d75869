"""The table of docs/casebook.md that says what must come before what: written from the rules themselves."""

from __future__ import annotations

from pathlib import Path

from escalon.conduct.permit import corrections
from escalon.conduct.permit.act import RULES, Rule
from escalon.history.events import spaced

BEGINS, ENDS = "| rule | asked before | says | signatures that set it aside |\n|---|---|---|---|\n", "\n\n**Override.**"


def casebook_page(docs: Path) -> str:
    """The page as it is, with the table as the rules are; a page without the table is an error."""
    page = (docs / "casebook.md").read_text(encoding="utf-8")
    before, head, rest = page.partition(BEGINS)
    _, ends, after = rest.partition(ENDS)
    if not head or not ends:
        raise ValueError(f"casebook.md has no table of rules: {BEGINS!r} … {ENDS!r}")
    return before + head + "\n".join(_row(rule) for rule in sorted(RULES, key=_room)) + ends + after


def _row(rule: Rule) -> str:
    kinds = ", ".join(spaced(kind.__name__) for kind in rule.before)
    says = " ".join(rule.says.split())
    return f"| {rule.name} | {kinds} | {says} | {rule.signatures or 'none can'} |"


def _room(rule: Rule) -> bool:
    """The rules of acts first, those of corrections after them, each in the order they are asked."""
    return rule.check.__module__ == corrections.__name__
