"""A signature is the person's own: the system's key alone cannot make one, and a reset shows."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from tests.casebook.trial import ADA, INES, MONA, PASSWORD, SECRET, Trial

from escalon.casebook.casebook import Casebook
from escalon.casebook.chain import verify
from escalon.casebook.checkpoints import signature_statement
from escalon.casebook.keys import is_signed, make_signer
from escalon.casebook.verify_alone import verify as verify_alone
from escalon.conduct.permit.refusal import Refused
from escalon.conduct.record import accounts
from escalon.conduct.record.signing import Password, check_signer, signatures
from escalon.history.entry import Author
from escalon.history.events import EligibilitySigned, EntrySigned, SecretSet, Signed

NEXT = "another horse, another staple"


@pytest.fixture
def trial(sqlite_casebook: Casebook) -> Trial:
    return Trial(sqlite_casebook)


def own(name: str) -> Author:
    return Author(name, "self", "", "test")


def alone(trial: Trial) -> str | None:
    """What the verifier without Escalon finds wrong."""
    problem, _ = verify_alone(Path(trial.casebook.place) / "casebook.sqlite", {})
    return str(problem) if problem else None


def signed_by_ines(trial: Trial) -> Signed:
    trial.consent("P-1")
    entry = trial.sign_eligibility("P-1", trial.screen("P-1").number)
    assert isinstance(entry.event, Signed)
    return entry.event


def test_a_signature_is_made_with_the_persons_own_key_over_the_whole_entry(trial: Trial) -> None:
    signed_by_ines(trial)
    [entry] = trial.casebook.entries(kinds=["EligibilitySigned"])
    assert isinstance(entry.event, EligibilitySigned)
    person = trial.conduct.trial.people.get("ines")
    assert person
    said = signature_statement(entry.number, entry.previous, entry.body)
    assert entry.event.key_signature not in said
    assert '"person":"ines"' in said
    assert is_signed(person.signing_key, entry.event.key_signature, said)
    assert person.signing_key != trial.casebook.public_key
    assert verify(trial.casebook).is_whole
    assert alone(trial) is None


@pytest.mark.parametrize("made_with", ["nothing", "the system's key", "a signature copied from another entry"])
def test_who_holds_the_systems_key_alone_forges_no_signature(trial: Trial, made_with: str) -> None:
    real = signed_by_ines(trial)
    forged = replace(real, digest="0" * 64, key_signature="")
    key = trial.casebook.signer if made_with == "the system's key" else None
    if made_with.startswith("a signature"):
        forged = replace(forged, key_signature=real.key_signature)
    with trial.casebook.writing() as writer:
        entry = writer.append(INES, forged, key)
    found = verify(trial.casebook)
    assert found.problem
    assert found.problem.number == entry.number
    assert "not with ines's own key" in found.problem.says
    assert "own key" in str(alone(trial))


def test_nobody_signs_who_never_had_a_key(trial: Trial) -> None:
    """An account that was opened and never used cannot be signed for either."""
    accounts.open_account(trial.conduct, trial.secrets, ADA, "nora", "Nora New", [], NEXT)
    said = EntrySigned(printed_name="Nora New", meaning="reviewed", digest="0" * 64, entry=1)
    trial.casebook.append(own("nora"), said)
    problem = verify(trial.casebook).problem
    assert problem
    assert "nora's own key" in problem.says
    assert "own key" in str(alone(trial))


def test_a_changed_password_keeps_the_key_and_the_old_one_opens_it_no_more(trial: Trial) -> None:
    signed_by_ines(trial)
    people = trial.conduct.trial.people
    before = people.by_account["ines"].signing_key
    accounts.change_own_password(trial.conduct, trial.secrets, own("ines"), PASSWORD, NEXT)
    key = check_signer(trial.conduct, trial.secrets, "ines", Password(NEXT))
    assert key
    assert key.public_key == before == trial.conduct.trial.people.by_account["ines"].signing_key
    with pytest.raises(Refused):
        check_signer(trial.conduct, trial.secrets, "ines", PASSWORD)
    found = verify(trial.casebook)
    assert found.is_whole
    assert found.resets == ()


def test_a_reset_makes_a_new_key_and_shows_on_what_is_signed_later_only(trial: Trial) -> None:
    signed_by_ines(trial)
    reset = accounts.set_password(
        trial.conduct, trial.secrets, ADA, "ines", NEXT, second="mona", second_password=PASSWORD
    )
    assert isinstance(reset.event, SecretSet)
    assert not reset.event.signing_key
    taken = accounts.change_own_password(trial.conduct, trial.secrets, own("ines"), Password(NEXT), SECRET)
    trial.consent("P-2")
    trial.sign_eligibility("P-2", trial.screen("P-2").number)
    earlier, later = [str(one) for one in signatures(trial.conduct)]
    assert "reset" not in earlier
    assert f"after a reset (entry {taken.number})" in later
    found = verify(trial.casebook)
    assert found.is_whole
    assert found.resets == ((taken.number, "ines"),)
    assert alone(trial) is None


def test_a_key_put_in_by_the_system_shows_as_a_reset(trial: Trial) -> None:
    """What remains: who holds the system's key can give somebody another key; it is named at once, and ever after."""
    real = signed_by_ines(trial)
    theirs = make_signer()
    known = trial.conduct.trial.people.by_account["ines"].secret
    swapped = SecretSet(account="ines", digest=str(known), signing_key=theirs.public_key)
    entry = trial.casebook.append(own("ines"), swapped)
    with trial.casebook.writing() as writer:
        writer.append(INES, replace(real, key_signature=""), theirs)
    assert verify(trial.casebook).resets == ((entry.number, "ines"),)
    with pytest.raises(Refused, match="is not the one recorded"):
        check_signer(trial.conduct, trial.secrets, "ines", PASSWORD)


def test_a_record_made_before_people_had_keys_is_whole_and_its_people_get_one_with_the_next_password(
    sqlite_casebook: Casebook, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as before:
        before.setattr(accounts, "make_signer", lambda: None)
        trial = Trial(sqlite_casebook)
        signed_by_ines(trial)
    assert not trial.conduct.trial.people.by_account["ines"].signing_key
    assert verify(trial.casebook).is_whole
    accounts.change_own_password(trial.conduct, trial.secrets, own("ines"), PASSWORD, NEXT)
    assert check_signer(trial.conduct, trial.secrets, "ines", Password(NEXT))
    assert check_signer(trial.conduct, trial.secrets, "mona", PASSWORD) is None
    screened = trial.screen("P-1").number
    trial.sign(MONA, EntrySigned, entry=screened)
    assert verify(trial.casebook).is_whole
    assert alone(trial) is None


def test_nobody_reads_a_key_from_the_database_without_the_password(trial: Trial) -> None:
    kept = (Path(trial.casebook.place) / "casebook.sqlite").read_bytes()
    kept += (Path(trial.casebook.place) / "casebook.sqlite-wal").read_bytes()
    assert b"PRIVATE KEY" not in kept
    assert trial.secrets.own_key("carla", SECRET)


def test_a_key_opens_at_the_cost_it_was_sealed_with_when_passwords_have_since_come_to_cost_more(trial: Trial) -> None:
    dearer = replace(trial.secrets, hasher=PasswordHasher(time_cost=2, memory_cost=16, parallelism=1))
    signed_by_ines(trial)
    key = dearer.own_key("ines", SECRET)
    assert key is not None
    assert key.public_key == trial.conduct.trial.people.by_account["ines"].signing_key
