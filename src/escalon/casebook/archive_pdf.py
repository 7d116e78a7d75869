"""The printed summary of a casebook: what it is, where it ends, its signatures, and its entries other than facts."""

from __future__ import annotations

import json
from pathlib import Path

from escalon.casebook.casebook import Casebook
from escalon.casebook.checkpoints import Checkpoint
from escalon.casebook.entry import Entry
from escalon.casebook.telling import told
from escalon.casebook.verify_alone import in_one_line
from escalon.history.events import Signed

MOST_PRINTED = 5_000
"""Entries printed; beyond that nobody reads paper, and audit.csv has them all. The page says what it leaves out."""

PAGE = """
#set page(paper: "a4", margin: 18mm, numbering: "1 / 1")
#set text(size: 8.5pt)
#set table(stroke: 0.4pt + luma(180), inset: 4pt)
#let book = json(bytes(sys.inputs.book))
= Casebook of study #book.study
#table(columns: (auto, 1fr), ..book.summary.flatten())
Not a medical device. Participants appear by code. Verify with #raw("python3 verify_alone.py .")
== Signatures
#table(columns: (auto, auto, auto, auto, 1fr), table.header[*Entry*][*Printed name*][*UTC*][*Role*][*Meaning, what*],
  ..book.signatures.flatten())
== Entries other than facts
#book.note
#table(columns: (auto, auto, auto, auto, 1fr), table.header[*Entry*][*UTC*][*Person*][*Participant*][*What, reason*],
  ..book.entries.flatten())
"""


def write_pdf(casebook: Casebook, last: Checkpoint, to: Path) -> None:
    """Print the summary with typst."""
    import typst

    compiled = typst.compile(PAGE.encode(), sys_inputs={"book": json.dumps(_book(casebook, last))})
    to.write_bytes(compiled)


def _book(casebook: Casebook, last: Checkpoint) -> dict[str, object]:
    others = list(casebook.entries(upto=last.number, facts=False))
    left_out = max(0, len(others) - MOST_PRINTED)
    summary = [
        ["Study and version in force", casebook.study],
        ["Entries", str(last.number)],
        ["Last entry", last.at],
        ["Ends in", f"{last.number}:{last.hash}"],
        ["Head signature", last.signature],
        ["Public key (Ed25519)", casebook.public_key],
        ["Entries that record facts", str(last.number - len(others))],
    ]
    return {
        "study": in_one_line(casebook.study),
        "summary": summary,
        "signatures": [_signature(one) for one in others if isinstance(one.event, Signed)],
        "entries": [_entry(one) for one in others[:MOST_PRINTED]],
        "note": f"{left_out} further entries are in audit.csv only." if left_out else "All of them.",
    }


def _signature(entry: Entry) -> list[str]:
    signed = entry.event
    assert isinstance(signed, Signed)
    at = f"{entry.at:%Y-%m-%d %H:%M:%S}"
    row = [str(entry.number), signed.printed_name, at, entry.author.role, f"{signed.meaning}: {signed.what}"]
    return [in_one_line(cell) for cell in row]


def _entry(entry: Entry) -> list[str]:
    values = told(json.loads(entry.body))
    what = entry.event.what + (f" ({values})" if values else "")
    why = f". Reason: {entry.event.reason}" if entry.event.reason else ""
    row = [str(entry.number), f"{entry.at:%Y-%m-%d %H:%M}", entry.author.person, entry.participant or "", what + why]
    return [in_one_line(cell) for cell in row]
