"""The printed summary of a casebook: what it is, where it ends, its signatures, and its entries other than facts."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from escalon.casebook.checkpoints import Checkpoint
from escalon.casebook.entry import Entry
from escalon.casebook.telling import told
from escalon.casebook.verify_alone import in_one_line
from escalon.history.events import FactRecorded, Signed

MOST_PRINTED = 5_000
"""Entries printed; beyond that nobody reads paper, and audit.csv has them all. The page says what it leaves out."""

PAGE = Path(__file__).with_name("archive.typ").read_bytes()


def write_pdf(entries: Iterable[Entry], last: Checkpoint, key: str, to: Path) -> None:
    """Print the summary with typst."""
    import typst

    compiled = typst.compile(PAGE, sys_inputs={"book": json.dumps(book_of(entries, last, key))})
    to.write_bytes(compiled)


def book_of(entries: Iterable[Entry], last: Checkpoint, key: str) -> dict[str, object]:
    """What the summary says, of all entries up to the last one."""
    others, study = [], ""
    for entry in entries:
        study = entry.study
        if not isinstance(entry.event, FactRecorded):
            others.append(entry)
    left_out = max(0, len(others) - MOST_PRINTED)
    summary = [
        ["Study and version in force", study],
        ["Entries", str(last.number)],
        ["Last entry", last.at],
        ["Ends in", f"{last.number}:{last.hash}"],
        ["Head signature", last.signature],
        ["Public key (Ed25519)", key],
        ["Entries that record facts", str(last.number - len(others))],
    ]
    return {
        "study": in_one_line(study),
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
