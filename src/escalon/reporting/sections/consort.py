"""The CONSORT-DEFINE checklist, filled with where this report answers an item; in our words, with what is not known to us.

Source: Yap 2023, doi:10.1136/bmj-2023-076387, whose Table 1 is known to us up to item 3a.2, and Table 2 (abstracts).
From 3b on stand the items of CONSORT 2010 (Schulz 2010, doi:10.1136/bmj.c332) that it extends.
"""

import re
from pathlib import Path
from typing import Any

from escalon.protocol.design import dose_rule
from escalon.reporting.build import heads, row, strong
from escalon.reporting.document import Cell, RowKind, Table, TableRow, Tone
from escalon.reporting.printed import listed
from escalon.reporting.view import View

_SAYS_SO = re.compile(
    r"dose[- ]?(?:finding|escalation|de-escalation|expansion|titration)|phase (?:1|i)\b|first[- ]in[- ]human|early phase",
    re.I,
)


def _answers(view: View) -> dict[str, Any]:
    """What the answers of `consort.txt` refer to; empty where no folder holds it."""
    study, days = view.study, sorted(given.day.earliest for given in view.doses)
    people = f"{len(study.criteria)} clauses (Table 2-2)"
    places = listed((f"{one.name}, {one.city}" for one in study.location), "")
    return {
        "study": study,
        "title": f"title: {study.title}" if _SAYS_SO.search(study.title) else "",  # else its authors must say it
        "design": _joined(study.design, f"{dose_rule(study).name} over {len(study.dose.levels)} dose levels"),
        "people": people,
        "places": places,
        "participants": _joined(people, places),
        "primary": listed((f"{one.id} {one.title}" for one in study.endpoints if one.role == "primary"), ""),
        "when": f"infused {days[0]} to {days[-1]}; data cut-off {view.cutoff}"
        if days
        else f"nobody infused by {view.cutoff}",
        "status": f"status: {study.status}" if study.status else "",
        "sponsor": f"sponsor: {study.sponsor}" if study.sponsor else "",
    }


def _joined(*parts: str) -> str:
    return "; ".join(filter(None, parts))


_NOTE = (
    "CONSORT-DEFINE (Yap 2023, doi:10.1136/bmj-2023-076387) and CONSORT 2010 (Schulz 2010, doi:10.1136/bmj.c332), in our words. "
    "How CONSORT-DEFINE words its items after 3a.2, and which it adds, is not known to us: take them from the published list."
)


def consort(view: View) -> Table:
    """T10-5: each item known to us, and where it is answered; an item that no folder holds says so."""
    rows: list[TableRow] = []
    answers, abstract = _answers(view), ""
    for line in Path(__file__).with_name("consort.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            title = line.strip("[]")
            rows.append(row(title, strong(title), None, None, kind=RowKind.HEAD))
            abstract = "abstract: " if "abstract" in title else ""
            continue
        id, asks, where = (part.strip() for part in line.split("|"))
        said = where.format_map(answers)
        cell = Cell(said) if said else Cell("not in the study folder: to be written by the authors", tone=Tone.OPEN)
        rows.append(row(f"{abstract}{id}", id, asks, cell, kind=RowKind.UNDER))
    columns = heads("item|16", "asks=asks for|44", "where=answered by|60")
    return Table("T10-5", "CONSORT-DEFINE, as far as its items are known to us", columns, tuple(rows), "", (_NOTE,))
