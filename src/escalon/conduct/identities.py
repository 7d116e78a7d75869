"""Who a participant is: kept apart and sealed, opened only for those who treat them, at their own site."""

from __future__ import annotations

from escalon.casebook.entry import Author, Entry
from escalon.casebook.identifiers import IdentifierStore, Identity
from escalon.conduct.authority import authorise
from escalon.conduct.recording import Conduct
from escalon.conduct.refusal import refuse
from escalon.history.events import IdentifierSealed


def keep_identity(conduct: Conduct, store: IdentifierStore, author: Author, participant: str, who: Identity) -> Entry:
    """Seal a participant's name and contact; that it was done is recorded, what they are is not."""
    entry = conduct.record(author, IdentifierSealed(participant=participant))
    store.keep(participant, who)
    return entry


def open_identity(conduct: Conduct, store: IdentifierStore, author: Author, participant: str) -> Identity:
    """Who a participant is, for a coordinator or investigator of the participant's site."""
    standing = conduct.standing
    known = standing.participants.get(participant)
    if known is None:
        raise refuse("consent", f"participant {participant} has no consent recorded")
    authorise(standing.people.get(author.person), author, "read identity", known.site)
    return store.open(participant)
