"""Signing: the password again, a printed name, a meaning, and the hash of what is signed, as it stands at that moment."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from escalon.casebook.casebook import Casebook
from escalon.casebook.entry import Entry
from escalon.casebook.keys import Signer
from escalon.casebook.secrets import Checked, SecretStore
from escalon.conduct.judge import standing
from escalon.conduct.permit.act import Act
from escalon.conduct.permit.refusal import refuse
from escalon.conduct.record.recording import Conduct
from escalon.history import Author, Trial
from escalon.history.events import (
    AccountLocked,
    DecisionSigned,
    EligibilitySigned,
    FactCorrected,
    FactRecorded,
    OverrideSigned,
    Signed,
    VisitSigned,
)
from escalon.history.support import Support, digest_of
from escalon.protocol.study import Study

SOFTWARE = Author("escalon", "software", "", "sign-in")


@dataclass(frozen=True)
class Password:
    """What a person types to sign. It is never printed."""

    text: str = field(repr=False)
    code: str | None = field(default=None, repr=False)


def check_password(conduct: Conduct, secrets: SecretStore, account: str, password: Password) -> None:
    """Refuse a wrong password, a locked or revoked account, and a stored verifier that was swapped."""
    person = conduct.trial.people.get(account)
    now = conduct.casebook.clock.now()
    checked = secrets.check(account, password.text, password.code, now)
    if checked is Checked.NOW_LOCKED:
        conduct.casebook.append(SOFTWARE, AccountLocked(account=account, failures=secrets.most_failures))
    if checked in (Checked.NOW_LOCKED, Checked.LOCKED):
        raise refuse(
            "password",
            f"{account} is locked after {secrets.most_failures} wrong passwords; wait, or ask an administrator",
        )
    if checked is Checked.WRONG or person is None or person.is_revoked:
        raise refuse("password", "the account, the password or the code is wrong")
    if secrets.row_digest(account) != person.secret:
        raise refuse("password", f"the stored password of {account} is not the one the casebook recorded; set it again")


def sign(
    conduct: Conduct,
    secrets: SecretStore,
    author: Author,
    kind: type[Signed],
    *,
    password: Password,
    meaning: str,
    digest: str | None = None,
    **subject: Any,
) -> Entry:
    """Sign as `kind` what `subject` names (`decision=12`, `screening=5`, `participant=…, visit=…`).

    `digest` is needed for what lies outside the casebook (an assumption's text), and computed for everything else.
    """
    key = check_signer(conduct, secrets, author.person, password)

    def build(trial: Trial) -> Signed:
        person = trial.people.get(author.person)
        if person is None:
            raise refuse("account", f"{author.person} has no account")
        unsigned = kind(printed_name=person.printed_name, meaning=meaning, digest=digest or "", **subject)
        now = conduct.casebook.clock.now()
        check_signature(Act(unsigned, author, trial, conduct.study, now, conduct.casebook.entry, conduct.know))
        signed = digest or digest_of_subject(conduct.casebook, trial.support, unsigned)
        second = password.code is not None
        return kind(printed_name=person.printed_name, meaning=meaning, digest=signed, second_factor=second, **subject)

    return conduct.record_built(author, build, key=key)


def _own_key(conduct: Conduct, secrets: SecretStore, account: str, password: Password) -> Signer | None:
    """The person's own key; refused where it is not the one the casebook recorded. None: they have none yet."""
    key, person = secrets.own_key(account, password.text), conduct.trial.people.get(account)
    if person is not None and (key.public_key if key else "") != person.signing_key:
        raise refuse("signature", f"the signing key of {account} is not the one recorded; change the password")
    return key


def check_signer(conduct: Conduct, secrets: SecretStore, account: str, password: Password) -> Signer | None:
    """The person's own key, to sign with; None where they have none yet.

    Refused: a wrong password, and one that somebody else knows because they set it (21 CFR 11.200(a)(3)).
    """
    check_password(conduct, secrets, account, password)
    person = conduct.trial.people.get(account)
    if person is not None and person.must_change:
        said = f"{person.secret_set_by} set the password of {account}; change it before you sign: escalon user password"
        raise refuse("password", said)
    return _own_key(conduct, secrets, account, password)


def assumption_digest(study: Study, wanted: str) -> str:
    """The digest of an assumption's text as the study folder has it now."""
    if not any(one.id == wanted for one in study.assumptions):
        raise refuse("signature", f"the study has no assumption {wanted}; escalon study lint lists them")
    return study.assumption(wanted).digest


def check_signature(act: Act) -> None:
    """Refuse a signature under something that cannot be signed, is stale, or was signed by the same person before."""
    trial, author = act.trial, act.author
    match act.event:
        case EligibilitySigned(participant=str(code), screening=number):
            latest = trial.course(code).screening
            if latest is None or latest.number != number:
                raise refuse("signature", f"entry {number} is not the latest screening of {code}")
            if latest.event.verdict != "eligible":
                raise refuse("signature", f"the screening of {code} says {latest.event.verdict}")
            act.know((code,))
            if changed := standing.changed_screening(act.study, trial, trial.course(code), act.today):
                raise refuse("signature", f"what the screening rested on has changed ({changed}); screen {code} again")
        case DecisionSigned(decision=number):
            if number not in trial.decisions:
                raise refuse("signature", f"entry {number} is not a proposed decision")
            if changed := standing.changed_decision(act.study, act.informed(), trial.decisions[number]):
                raise refuse("signature", f"what decision {number} rests on has changed ({changed}); propose it again")
            _refuse_twice(trial.decisions[number].signers, author)
        case OverrideSigned(given=number):
            if number not in trial.overrides:
                raise refuse("signature", f"entry {number} is not an override")
            _refuse_twice(trial.overrides[number].signers, author)


def _refuse_twice(signers: Iterable[str], author: Author) -> None:
    if author.person in signers:
        raise refuse("signature", f"{author.person} has signed this; the other signature must be another person's")


class Kept(Protocol):
    """Where the entries that were signed are read from: a casebook, or the part of one that is replayed."""

    def entry(self, number: int) -> Entry:
        """The entry of this number."""
        ...

    def entries(self, *, participant: str | None = None) -> Iterator[Entry]:
        """The entries of a participant, in order."""
        ...


def digest_of_subject(kept: Kept, support: Support, signed: Signed) -> str:
    """The hash of what a signature is about, as it stands now."""
    return digest_of(covered(kept, support, signed), lambda number: kept.entry(number).hash)


def covered(kept: Kept, support: Support, signed: Signed) -> list[int]:
    """The entries a signature is about, as they stand now."""
    if signed.subject is not None:
        return support.closure(signed.subject)
    if isinstance(signed, VisitSigned):
        return _of_visit(kept.entries(participant=signed.participant), signed.visit)
    return []


def _of_visit(entries: Iterable[Entry], visit: str) -> list[int]:
    found: list[int] = []
    for entry in entries:
        match entry.event:
            case FactRecorded(fact=fact) if fact.visit == visit:
                found.append(entry.number)
            case FactCorrected(fact=fact, corrects=number) if fact.visit == visit or number in found:
                found.append(entry.number)
    return found


@dataclass(frozen=True)
class SignatureState:
    """A signature and whether it still covers what it was put under; `void_by` is the first entry that changed that.

    `reset` is the entry at which its signer got another key, without the one before, before signing.
    """

    entry: Entry
    void_by: int | None
    reset: int | None = None

    def __str__(self) -> str:
        event = self.entry.event
        assert isinstance(event, Signed)
        state = f"VOID since entry {self.void_by}" if self.void_by else "valid"
        if self.reset:
            state += f", with a key made after a reset (entry {self.reset})"
        of = f" of {event.about}" if event.about else ""
        return f"{event.printed_name}, {self.entry.at:%Y-%m-%d %H:%M:%S} UTC, {event.meaning}{of}: {state}"


def signature_state(casebook: Casebook, support: Support, entry: Entry) -> SignatureState:
    """Whether a signature still stands, by computing the hash of what it signed anew."""
    signed = entry.event
    if not isinstance(signed, Signed):
        raise ValueError(f"entry {entry.number} is not a signature")
    if signed.subject is None and not isinstance(signed, VisitSigned):
        return SignatureState(entry, None)  # what was signed lies outside the casebook; its keeper compares the digest
    now = covered(casebook, support, signed)
    hash_of: Callable[[int], str] = lambda number: casebook.entry(number).hash  # noqa: E731
    if digest_of(now, hash_of) == signed.digest:
        return SignatureState(entry, None)
    return SignatureState(entry, min((number for number in now if number > entry.number), default=entry.number))


def signatures(conduct: Conduct) -> list[SignatureState]:
    """Every signature of the trial, valid or void."""
    support = conduct.trial.support
    kept = conduct.trial.entries.values()
    found = [entry for entry in kept if isinstance(entry.event, Signed) and isinstance(entry, Entry)]
    return [
        replace(signature_state(conduct.casebook, support, one), reset=_reset_before(conduct.trial, one))
        for one in found
    ]


def _reset_before(trial: Trial, signed: Entry) -> int | None:
    person = trial.people.get(signed.author.person)
    return max((number for number in person.resets if number < signed.number), default=None) if person else None
