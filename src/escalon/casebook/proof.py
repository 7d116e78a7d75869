"""What `escalon verify` asks of a place: a casebook or an archive, with all that speaks for or against it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from escalon.casebook.archive import verify_archive
from escalon.casebook.casebook import Casebook
from escalon.casebook.chain import Fault, Progress, Verification, Vouched, verify
from escalon.casebook.errors import NotACasebook, StorageDamaged
from escalon.casebook.identifiers import IdentifierStore, differs_from
from escalon.casebook.keys import Seal
from escalon.casebook.location import find_casebook, open_casebook, open_identifiers
from escalon.history.events import IdentifierSealed


def prove(
    place: Path,
    anchors: Sequence[tuple[int, str] | Vouched] = (),
    key: str | None = None,
    progress: Progress | None = None,
) -> Verification:
    """Verify a casebook's folder, or an archive's; what is too damaged to be read is not whole."""
    if is_archive(place):
        return verify_archive(place, anchors, key, progress)
    find_casebook(place)
    try:
        casebook = open_casebook(place, read_only=True)
    except StorageDamaged as damaged:
        return Verification(0, "", 0, Fault(0, str(damaged)))
    try:
        found = verify(casebook, anchors=anchors, key=key, progress=progress)
        if found.is_whole and (differs := _identities_differ(casebook)):
            return replace(found, problem=Fault(0, differs))
        return found
    except StorageDamaged as damaged:
        return Verification(0, "", 0, Fault(0, str(damaged)))
    finally:
        casebook.close()


def is_archive(place: Path) -> bool:
    """Whether a folder is an archive; a casebook has settings, an archive entries as lines."""
    return (place / "entries.jsonl").is_file()


def _identities_differ(casebook: Casebook) -> str | None:
    """What is kept of a participant and is not what the record tells of; None too where they are kept elsewhere."""
    named = {
        str(entry.participant): entry.event.digest
        for entry in casebook.entries(kinds=["IdentifierSealed"])
        if isinstance(entry.event, IdentifierSealed)
    }
    if not named:
        return None
    try:
        engine = open_identifiers(Path(casebook.place))
    except NotACasebook:
        return None
    try:
        return differs_from(IdentifierStore(engine, Seal(b""), casebook.place), named)
    finally:
        engine.dispose()
