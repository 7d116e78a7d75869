"""When the computer's clock and the record disagree: a person signs which is right, and recording goes on."""

from __future__ import annotations

from escalon.casebook.entry import Entry
from escalon.casebook.secrets import SecretStore
from escalon.conduct.permit.authority import authorise
from escalon.conduct.record.recording import Conduct
from escalon.conduct.record.signing import Password, check_signer
from escalon.history.entry import Author
from escalon.history.events import ClockConfirmed


def confirm_clock(conduct: Conduct, secrets: SecretStore, author: Author, password: Password, reason: str) -> Entry:
    """Sign that this computer's clock is right, after an entry was made with one that was not, or after a long pause."""
    key = check_signer(conduct, secrets, author.person, password)
    with conduct.casebook.writing(clock_confirmed=True) as writer:
        person = conduct.caught_up(writer).people.get(author.person)
        authorise(person, author, "ClockConfirmed", None)
        signed = ClockConfirmed(
            printed_name=person.printed_name if person else "",
            meaning=f"the clock is right: {writer.now_text}",
            digest=writer.hash,
            second_factor=password.code is not None,
            reason=reason,
        )
        return writer.append(author, signed, key)
