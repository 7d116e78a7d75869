"""Signatures, passwords, second factors, lockout, sessions, accounts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pyotp
import pytest
from argon2 import PasswordHasher
from sqlalchemy import select, update
from tests.casebook.trial import ADA, CARLA, CORA, CYRUS, INES, PASSWORD, SECRET, Trial

from escalon.casebook.casebook import Casebook
from escalon.casebook.errors import CasebookError
from escalon.casebook.secrets import LOCKED_FOR, SecretStore, new_seed
from escalon.casebook.tables import secrets as secrets_table
from escalon.casebook.tables import sessions as sessions_table
from escalon.conduct.permit.refusal import Refused
from escalon.conduct.record import accounts
from escalon.conduct.record.sessions import sign_in, sign_out, who
from escalon.conduct.record.signing import Password, sign, signature_state, signatures
from escalon.history.events import (
    AssumptionSigned,
    DecisionSigned,
    DltAdjudicated,
    EntrySigned,
    FactCorrected,
    FactRecorded,
    Observation,
    Role,
    Signed,
    VisitSigned,
)

ALT = Observation(name="alt", value="31", unit="U/L", day="2026-03-01")


@pytest.fixture
def trial(sqlite_casebook: Casebook) -> Trial:
    return Trial(sqlite_casebook)


def refused(act: Callable[[], object], match: str) -> None:
    with pytest.raises(Refused, match=match):
        act()


def test_a_signature_carries_printed_name_time_meaning_and_the_hash_of_what_was_signed(trial: Trial) -> None:
    from hashlib import sha256

    proposed = trial.propose(1)
    entry = trial.sign(CORA, DecisionSigned, "approve", decision=proposed.number)
    signed = entry.event
    assert isinstance(signed, Signed)
    assert (signed.printed_name, signed.meaning) == ("Cora Example", "approve")
    assert entry.at == trial.clock.now()
    assert signed.digest == sha256(f"{proposed.hash}\n".encode()).hexdigest()
    assert trial.casebook.checkpoints()[-1].number == entry.number, "a signature is followed by a checkpoint"


def test_every_signature_needs_the_password_again(trial: Trial) -> None:
    number = trial.propose(1).number
    for wrong in ("", "Correct horse battery staple", SECRET + " "):
        refused(
            lambda text=wrong: sign(
                trial.conduct,
                trial.secrets,
                CORA,
                DecisionSigned,
                password=Password(text),
                meaning="approve",
                decision=number,
            ),
            "is wrong",
        )
    refused(
        lambda: trial.record(
            CORA, DecisionSigned(decision=number, printed_name="Cora", meaning="approve", digest="0" * 64)
        ),
        "made by signing",
    )
    assert not trial.conduct.trial.decisions[number].signers


def test_a_password_is_never_printed() -> None:
    assert SECRET not in repr(PASSWORD) + str(PASSWORD)


def test_passwords_are_stored_as_argon2id(sqlite_casebook: Casebook) -> None:
    store = SecretStore(sqlite_casebook, Trial(sqlite_casebook).secrets.seal, PasswordHasher())
    row = store.prepare("x", SECRET)
    assert str(row["verifier"]).startswith("$argon2id$v=19$m=65536,t=3,p=4$"), "RFC 9106's second choice"


def test_a_later_change_voids_a_signature_visibly(trial: Trial) -> None:
    trial.consent("P-1")
    alt = trial.record(CARLA, FactRecorded(participant="P-1", fact=ALT))
    screening = trial.screen("P-1", alt.number)
    signed = trial.sign_eligibility("P-1", screening.number)
    assert str(signatures(trial.conduct)[0]).endswith("valid")
    fact = replace(ALT, value="310")
    correction = trial.record(CARLA, FactCorrected(participant="P-1", corrects=alt.number, fact=fact, reason="typing"))
    state = signature_state(trial.casebook, trial.conduct.trial.support, signed)
    assert state.void_by == correction.number
    assert f"VOID since entry {correction.number}" in str(state)


def test_a_signed_visit_is_voided_by_a_new_or_corrected_fact_of_that_visit_only(trial: Trial) -> None:
    trial.consent("P-1")

    def fact(visit: str, value: str = "31") -> FactRecorded:
        return FactRecorded(participant="P-1", fact=replace(ALT, value=value, visit=visit))

    first = trial.record(CARLA, fact("D28")).number
    signed = trial.sign(INES, VisitSigned, "reviewed", participant="P-1", visit="D28")

    def void_by() -> int | None:
        return signature_state(trial.casebook, trial.conduct.trial.support, signed).void_by

    trial.record(CARLA, fact("D90"))
    assert void_by() is None
    late = trial.record(CARLA, fact("D28", "32")).number
    assert void_by() == late
    again = trial.sign(INES, VisitSigned, "reviewed", participant="P-1", visit="D28")
    assert signature_state(trial.casebook, trial.conduct.trial.support, again).void_by is None
    moved = FactCorrected(participant="P-1", corrects=first, fact=replace(ALT, visit="D90"), reason="x")
    correction = trial.record(CARLA, moved).number
    assert signature_state(trial.casebook, trial.conduct.trial.support, again).void_by == correction


def test_a_stale_proposal_cannot_be_signed(trial: Trial) -> None:
    trial.open_cohort(1, 1)
    trial.prepare("P-1", 1, 1)
    trial.infuse("P-1", 1)
    trial.days(15)
    number = trial.propose(1).number
    trial.record(INES, DltAdjudicated(participant="P-1", is_dlt=True, because="seen late"))
    refused(lambda: trial.sign(CYRUS, DecisionSigned, decision=number), "propose it again")


def test_an_assumption_is_signed_by_the_hash_of_its_text(trial: Trial) -> None:
    entry = trial.sign(INES, AssumptionSigned, "accepted", assumption="Q-DLT", digest="a" * 64)
    assert isinstance(entry.event, AssumptionSigned)
    assert (entry.event.assumption, entry.event.digest) == ("Q-DLT", "a" * 64)


def test_anyone_but_the_administrator_may_sign_an_entry_as_reviewed(trial: Trial) -> None:
    number = trial.consent("P-1").number
    trial.sign(CARLA, EntrySigned, "author", entry=number)
    refused(lambda: trial.sign(ADA, EntrySigned, "author", entry=number), "administrator")


def test_five_wrong_passwords_lock_the_account_for_a_while_and_are_recorded(trial: Trial) -> None:
    for _ in range(4):
        refused(lambda: sign_in(trial.conduct, trial.secrets, "carla", Password("wrong")), "is wrong")
    refused(lambda: sign_in(trial.conduct, trial.secrets, "carla", Password("wrong")), "is locked")
    refused(lambda: sign_in(trial.conduct, trial.secrets, "carla", PASSWORD), "is locked")
    assert [one.event.account for one in trial.casebook.entries(kinds=["AccountLocked"])] == ["carla"]  # type: ignore[attr-defined]
    trial.clock.move(LOCKED_FOR)
    sign_in(trial.conduct, trial.secrets, "carla", PASSWORD)


def test_an_unknown_account_says_no_more_than_a_wrong_password(trial: Trial) -> None:
    said = []
    for account in ("carla", "nobody"):
        with pytest.raises(Refused) as why:
            sign_in(trial.conduct, trial.secrets, account, Password("wrong"))
        said.append(str(why.value))
    assert said[0] == said[1]


def test_a_second_factor_is_needed_and_its_code_counts_once(trial: Trial) -> None:
    seed = new_seed()
    roles = [(Role.MONITOR, "*")]
    accounts.open_account(trial.conduct, trial.secrets, ADA, "tom", "Tom T", roles, "8 chars!", seed)
    now = trial.clock.now
    refused(lambda: sign_in(trial.conduct, trial.secrets, "tom", Password("8 chars!")), "is wrong")
    code = pyotp.TOTP(seed).at(now())
    sign_in(trial.conduct, trial.secrets, "tom", Password("8 chars!", code))
    refused(lambda: sign_in(trial.conduct, trial.secrets, "tom", Password("8 chars!", code)), "is wrong")
    trial.clock.move(timedelta(minutes=1))
    sign_in(trial.conduct, trial.secrets, "tom", Password("8 chars!", pyotp.TOTP(seed).at(now())))


def test_short_passwords_are_refused(trial: Trial) -> None:
    with pytest.raises(CasebookError, match="write at least 15"):
        trial.secrets.prepare("x", "fourteen chars")
    with pytest.raises(CasebookError, match="write at least 8"):
        trial.secrets.prepare("x", "7 chars", new_seed())


def test_a_swapped_verifier_opens_nothing(trial: Trial) -> None:
    """Someone with the database puts their own password under another's account."""
    forged = trial.secrets.prepare("cora", "the forger's own password")["verifier"]
    with trial.casebook.changing() as connection:
        connection.execute(update(secrets_table).where(secrets_table.c.account == "cora").values(verifier=forged))
    refused(
        lambda: sign_in(trial.conduct, trial.secrets, "cora", Password("the forger's own password")),
        "not the one the casebook recorded",
    )


def test_a_session_ends_by_idleness_by_age_by_signing_out_and_by_revocation(trial: Trial) -> None:
    def fresh() -> str:
        return sign_in(trial.conduct, trial.secrets, "carla", PASSWORD)

    idle, busy, left, revoked = fresh(), fresh(), fresh(), fresh()
    assert who(trial.conduct, busy).printed_name == "Carla Example"
    trial.clock.move(timedelta(minutes=14))
    who(trial.conduct, busy)
    trial.clock.move(timedelta(minutes=1))
    refused(lambda: who(trial.conduct, idle), "ended by time")
    who(trial.conduct, busy)
    for _ in range(50):
        trial.clock.move(timedelta(minutes=14))
        who(trial.conduct, busy)
    trial.clock.move(timedelta(minutes=14))
    refused(lambda: who(trial.conduct, busy), "ended by time")
    sign_out(trial.conduct, left)
    refused(lambda: who(trial.conduct, left), "sign in first")
    revoked = fresh()
    accounts.revoke(trial.conduct, ADA, "carla", "left the hospital")
    refused(lambda: who(trial.conduct, revoked), "is revoked")
    refused(fresh, "is wrong")
    refused(lambda: who(trial.conduct, "a made-up token"), "sign in first")


def test_a_session_token_is_not_in_the_database(trial: Trial) -> None:
    token = sign_in(trial.conduct, trial.secrets, "carla", PASSWORD)
    with trial.casebook.reading() as connection:
        stored = connection.execute(select(sessions_table)).all()
    assert token not in str(stored)


def test_there_is_no_account_until_someone_opens_the_first_and_then_no_second_first(sqlite_casebook: Casebook) -> None:
    assert not list(sqlite_casebook.entries(kinds=["AccountOpened"]))
    trial = Trial(sqlite_casebook)
    refused(
        lambda: accounts.open_first_account(trial.conduct, trial.secrets, "eve", "Eve", SECRET),
        "the first account exists",
    )


def test_an_account_name_is_never_given_again(trial: Trial) -> None:
    accounts.revoke(trial.conduct, ADA, "carla", "left")
    refused(
        lambda: accounts.open_account(trial.conduct, trial.secrets, ADA, "carla", "Carla Second", [], SECRET),
        "is, or was, Carla Example's account",
    )


def test_the_last_administrator_cannot_be_revoked(trial: Trial) -> None:
    refused(lambda: accounts.revoke(trial.conduct, ADA, "ada", "x"), "only administrator left")


def test_only_an_administrator_opens_accounts(trial: Trial) -> None:
    refused(
        lambda: accounts.open_account(
            trial.conduct, trial.secrets, INES, "eve", "Eve", [(Role.COMMITTEE, "*")], SECRET
        ),
        "this is for administrator",
    )


def test_a_changed_password_replaces_the_old_one(trial: Trial) -> None:
    new = "another correct horse battery"
    accounts.change_own_password(trial.conduct, trial.secrets, CARLA, PASSWORD, new)
    refused(lambda: sign_in(trial.conduct, trial.secrets, "carla", PASSWORD), "is wrong")
    sign_in(trial.conduct, trial.secrets, "carla", Password(new))
    refused(lambda: accounts.set_password(trial.conduct, trial.secrets, ADA, "carla", SECRET), "takes two people")
    accounts.set_password(trial.conduct, trial.secrets, ADA, "carla", SECRET, second="mona", second_password=PASSWORD)
    sign_in(trial.conduct, trial.secrets, "carla", PASSWORD)
