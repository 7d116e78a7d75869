"""Who a participant is: kept apart and sealed, opened only for those who treat them, at their own site."""

from __future__ import annotations

from datetime import date

from escalon.casebook.entry import Entry
from escalon.casebook.errors import CasebookError
from escalon.casebook.identifiers import IdentifierStore, Identity
from escalon.conduct.permit.authority import authorise
from escalon.conduct.permit.refusal import refuse
from escalon.conduct.record.recording import Conduct
from escalon.facts import Truth
from escalon.history.entry import Author
from escalon.history.events import IdentifierSealed, IdentityOpened


def keep_identity(conduct: Conduct, store: IdentifierStore, author: Author, participant: str, who: Identity) -> Entry:
    """Seal a participant's name and contact; that it was done is recorded, with a digest of what was sealed."""
    _authorise(conduct, author, "IdentifierSealed", participant)
    kept = store.keep(participant, who)  # first: an entry never tells of what is not there
    return conduct.record_built(author, lambda standing: IdentifierSealed(participant=participant, digest=kept))


def open_identity(conduct: Conduct, store: IdentifierStore, author: Author, participant: str) -> Identity:
    """Who a participant is, for a coordinator or investigator of the participant's site; that they looked is recorded."""
    _authorise(conduct, author, "IdentityOpened", participant)
    sealed = _sealed(conduct, participant)
    if not sealed:
        raise CasebookError(f"no name is stored for participant {participant}")
    found = store.open(participant, sealed[-1])
    conduct.record_built(author, lambda standing: IdentityOpened(participant=participant))
    return found


def birth_date_agrees(
    conduct: Conduct, store: IdentifierStore | None, author: Author, participant: str, born: date
) -> Truth:
    """Whether a date of birth asked aloud is the one kept, without showing that; None where none is kept.

    Only for who checks a dose, whose check is recorded with the answer.
    """
    _authorise(conduct, author, "DoseChecked", participant)
    sealed = _sealed(conduct, participant)
    kept = store.open(participant, sealed[-1]).born if store is not None and sealed else ""
    return kept == born.isoformat() if kept else None


def _sealed(conduct: Conduct, participant: str) -> list[str]:
    return [
        entry.event.digest
        for entry in conduct.casebook.entries(participant=participant, kinds=["IdentifierSealed"])
        if isinstance(entry.event, IdentifierSealed)
    ]


def _authorise(conduct: Conduct, author: Author, act: str, participant: str) -> None:
    standing = conduct.trial
    known = standing.courses.get(participant)
    if known is None:
        raise refuse("consent", f"participant {participant} has no consent recorded")
    authorise(standing.people.get(author.person), author, act, known.site)
