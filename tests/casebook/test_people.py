"""One person, one account, one secret that nobody else knows; and every way in asks who is there."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyotp
import pytest
from argon2 import PasswordHasher
from sqlalchemy import insert, select, update
from tests.casebook.trial import ADA, CARLA, FIRST, INES, PASSWORD, SECRET, Trial

from escalon.casebook.casebook import Casebook
from escalon.casebook.errors import CasebookError, ClockJumped
from escalon.casebook.keys import Seal
from escalon.casebook.secrets import LOCKED_FOR, Checked, SecretStore, new_seed
from escalon.casebook.tables import secrets as secrets_table
from escalon.casebook.tables import sessions as sessions_table
from escalon.conduct.permit.authority import role_that_may
from escalon.conduct.permit.refusal import Refused
from escalon.conduct.record import accounts
from escalon.conduct.record.clock import confirm_clock
from escalon.conduct.record.sessions import sign_in, who
from escalon.conduct.record.signing import Password, sign
from escalon.history.entry import Author
from escalon.history.events import (
    KINDS,
    AccountOpened,
    AmendmentAdopted,
    BackupMade,
    CheckpointKeyChanged,
    EligibilitySigned,
    EntryAnnulled,
    EntryCorrected,
    EntrySigned,
    Event,
    FolderImported,
    ParticipantConsented,
    Role,
    RoleGranted,
    SecretSet,
)


@pytest.fixture
def trial(casebook: Casebook) -> Trial:
    return Trial(casebook)


@pytest.fixture
def local(sqlite_casebook: Casebook) -> Trial:
    """On SQLite alone, for what does not depend on the database."""
    return Trial(sqlite_casebook)


def refused(act: Callable[[], object], says: str) -> None:
    with pytest.raises(Refused) as why:
        act()
    assert says in str(why.value)


# -- codes and passwords -----------------------------------------------------------------------------------------------


def with_second_factor(trial: Trial, name: str = "tofa") -> pyotp.TOTP:
    seed = new_seed()
    accounts.open_account(trial.conduct, trial.secrets, ADA, name, "Tofa T", [(Role.MONITOR, "*")], FIRST, seed)
    return pyotp.TOTP(seed)


def test_a_code_counts_once_and_no_earlier_one_counts_after_it(local: Trial) -> None:
    totp, now = with_second_factor(local), local.clock.now()
    this, before, after = (totp.at(now + timedelta(seconds=30 * steps)) for steps in (0, -1, 1))

    def check(code: str | None) -> Checked:
        return local.secrets.check("tofa", FIRST, code, now)

    assert check(this) is Checked.RIGHT
    assert check(before) is Checked.WRONG, "of the step before"
    assert check(this) is Checked.WRONG, "used"
    assert check(after) is Checked.RIGHT, "of the next step, which a clock may be ahead by"
    local.clock.move(timedelta(minutes=5))


@pytest.mark.parametrize("spoilt", ["", " {}", "{} ", "{}0", "+{}", None])
def test_a_code_is_compared_digit_for_digit(local: Trial, spoilt: str | None) -> None:
    totp, now = with_second_factor(local), local.clock.now()
    wide = str.maketrans("0123456789", "０１２３４５６７８９")
    code = spoilt.format(totp.at(now)) if spoilt else totp.at(now).translate(wide) if spoilt is None else ""
    assert local.secrets.check("tofa", FIRST, code, now) is Checked.WRONG


def at_once(count: int, act: Callable[[], object]) -> list[object]:
    """The same act by so many threads that wait for each other to begin."""
    gate = threading.Barrier(count)

    def go(_: int) -> object:
        gate.wait()
        return act()

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(go, range(count)))


def test_one_code_opens_one_door_of_four_at_once(trial: Trial) -> None:
    totp, now = with_second_factor(trial), trial.clock.now()
    came = at_once(4, lambda: trial.secrets.check("tofa", FIRST, totp.at(now), now))
    assert sorted(one.name for one in came) == ["RIGHT", "WRONG", "WRONG", "WRONG"]  # type: ignore[attr-defined]


def test_wrong_passwords_at_once_are_as_many_tries_as_in_a_row(trial: Trial) -> None:
    slow = SecretStore(trial.casebook, Seal(b"k" * 32), PasswordHasher(time_cost=1, memory_cost=8192, parallelism=1))
    now, verified = trial.clock.now(), []
    right = SecretStore._is_right

    def counted(self: SecretStore, row: Any, password: str) -> bool:
        verified.append(password)
        return right(self, row, password)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(SecretStore, "_is_right", counted)
        came = at_once(16, lambda: slow.check("ines", "a wrong password", None, now))
        came += at_once(16, lambda: slow.check("ines", "a wrong password", None, now))
    assert len(verified) == 5
    assert came.count(Checked.NOW_LOCKED) == 1
    assert slow.check("ines", SECRET, None, now) is Checked.LOCKED


def test_right_passwords_at_once_lock_nobody_out(trial: Trial) -> None:
    now = trial.clock.now()
    assert set(at_once(12, lambda: trial.secrets.check("ines", SECRET, None, now))) == {Checked.RIGHT}


def test_a_lock_set_by_a_clock_that_stood_wrong_locks_nobody_for_years(local: Trial) -> None:
    later = datetime(2099, 1, 1, tzinfo=UTC)
    for _ in range(5):
        local.secrets.check("ines", "wrong", None, later)
    assert local.secrets.check("ines", SECRET, None, later) is Checked.LOCKED
    assert local.secrets.check("ines", SECRET, None, local.clock.now()) is Checked.RIGHT


def test_tries_cut_off_in_the_middle_lock_the_account_and_no_longer(
    local: Trial, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("escalon.casebook.secrets.LONGEST_WAIT", 0)
    with local.casebook.changing() as connection:
        connection.execute(update(secrets_table).where(secrets_table.c.account == "ines").values(failures=5))
    assert local.secrets.check("ines", SECRET, None, local.clock.now()) is Checked.LOCKED
    assert local.secrets.check("ines", SECRET, None, local.clock.now() + LOCKED_FOR) is Checked.RIGHT


def test_a_password_that_another_set_is_changed_before_it_signs(local: Trial) -> None:
    local.consent("P-1")
    screening = local.screen("P-1").number
    new = "known to the administrator"
    refused(lambda: accounts.set_password(local.conduct, local.secrets, ADA, "ines", new), "takes two people")
    for second in ("ada", "ines"):
        refused(lambda second=second: reset(local, new, second), "takes two people")  # type: ignore[misc]
    with pytest.raises(Refused):
        reset(local, new, "mona", Password("a guess"))
    entry = reset(local, new, "mona")
    assert isinstance(entry.event, SecretSet)
    assert entry.event.with_whom == "mona"

    def signed(password: str) -> object:
        return sign(
            local.conduct,
            local.secrets,
            INES,
            EligibilitySigned,
            password=Password(password),
            meaning="eligible",
            participant="P-1",
            screening=screening,
        )

    refused(lambda: signed(new), "ada set the password of ines; change it before you sign")
    own = Author("ines", "self", "", "test")
    refused(
        lambda: accounts.change_own_password(local.conduct, local.secrets, own, Password(new), new), "is the old one"
    )
    accounts.change_own_password(local.conduct, local.secrets, own, Password(new), "known to nobody else now")
    signed("known to nobody else now")


def reset(trial: Trial, new: str, second: str, theirs: Password = PASSWORD) -> Any:
    return accounts.set_password(trial.conduct, trial.secrets, ADA, "ines", new, second=second, second_password=theirs)


def test_the_first_password_is_changed_before_it_signs(local: Trial) -> None:
    number = local.consent("P-1").number
    accounts.open_account(local.conduct, local.secrets, ADA, "tom", "Tom Test", [(Role.MONITOR, "*")], FIRST)
    tom = Author("tom", "monitor", "*", "test")
    password = Password(FIRST)
    refused(
        lambda: sign(local.conduct, local.secrets, tom, EntrySigned, password=password, meaning="seen", entry=number),
        "change it before you sign",
    )


# -- names -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    [
        "",
        " ",
        "Ines\nVega",
        "Ines\tVega",
        "Ines\u202eVega",
        "1",
        "x" * 101,
        "\u200bInes",
        "\x1b[2J Ines",
    ],
)
def test_a_printed_name_can_be_printed(local: Trial, name: str) -> None:
    refused(
        lambda: accounts.open_account(local.conduct, local.secrets, ADA, "vega", name, [], FIRST),
        "is no name that can be printed",
    )


def test_nobody_has_the_name_that_the_software_records_as(local: Trial) -> None:
    refused(
        lambda: accounts.open_account(local.conduct, local.secrets, ADA, "escalon", "Soft Ware", [], FIRST),
        "what the software records as",
    )


def test_nobody_gives_themselves_a_role(local: Trial) -> None:
    """An administrator would record and sign what administrators may not."""
    refused(lambda: accounts.grant(local.conduct, ADA, "ada", Role.INVESTIGATOR, "S1"), "but another administrator")
    accounts.grant(local.conduct, ADA, "mona", Role.INVESTIGATOR, "S1")


@pytest.mark.parametrize(
    "password",
    [
        "a" * 20,
        " " * 20,
        "abab" * 5,
        "vegavegavegavega",
        "VegaVega VegaVega ",
        "passwordpassword",
        "qwerty1qwerty1qwerty1",
    ],
)
def test_a_long_password_that_is_guessed_is_refused(local: Trial, password: str) -> None:
    with pytest.raises(CasebookError, match="guessed at once"):
        accounts.open_account(local.conduct, local.secrets, ADA, "vega", "Ines Vega", [], password)


@pytest.mark.parametrize(
    "name",
    [
        "Cora Example",
        "cora  example",
        "ＣＯＲＡ Example",
        "Cora Ｅxample",
        "Example, Cora",
        "Cora Example.",
        "C0ra Examp1e",
        "CoraExample",
        "Cora Exampie",
    ],
)
def test_a_printed_name_is_one_persons(local: Trial, name: str) -> None:
    act = lambda: accounts.open_account(local.conduct, local.secrets, ADA, "cora2", name, [], FIRST)  # noqa: E731
    refused(act, "cora signs as Cora Example")


@pytest.mark.parametrize(
    ("first", "second"),
    [("Hope Adler", "\u041d\u043e\u0440\u0435 Adler"), ("王敏", "王 敏"), ("Ivo Lund", "lvo Lund")],
)
def test_no_second_name_looks_like_the_first_in_another_alphabet_or_without_its_blank(
    local: Trial, first: str, second: str
) -> None:
    accounts.open_account(local.conduct, local.secrets, ADA, "first", first, [], FIRST)
    act = lambda: accounts.open_account(local.conduct, local.secrets, ADA, "second", second, [], FIRST)  # noqa: E731
    refused(act, "first signs as")


@pytest.mark.parametrize("site", ["S1 ", "s1", "S\u200b1", "S1\nS2", "\uff331", "S01", ""])
def test_a_site_is_written_in_one_way_in_roles_and_consents(local: Trial, site: str) -> None:
    refused(lambda: accounts.grant(local.conduct, ADA, "carla", Role.COORDINATOR, site), "site: ")
    many = [(Role.COORDINATOR, site)]
    refused(
        lambda: accounts.open_account(local.conduct, local.secrets, ADA, "cleo", "Cleo Nilsson", many, FIRST), "site: "
    )
    accounts.grant(local.conduct, ADA, "carla", Role.COORDINATOR, "*")
    everywhere = Author("carla", Role.COORDINATOR, "*", "test")
    consent = ParticipantConsented(participant="Q1", site=site or "*", form="v1", signed_on=local.today())
    refused(lambda: local.record(everywhere, consent), "site: ")


def test_nobody_administers_one_site_who_could_give_roles_at_all(local: Trial) -> None:
    one = [(Role.ADMINISTRATOR, "S1")]
    refused(
        lambda: accounts.open_account(local.conduct, local.secrets, ADA, "eve", "Eve Rossi", one, FIRST), "whole trial"
    )
    refused(lambda: accounts.grant(local.conduct, ADA, "carla", Role.ADMINISTRATOR, "S1"), "whole trial")


def test_a_printed_name_mixes_no_alphabets(local: Trial) -> None:
    refused(
        lambda: accounts.open_account(local.conduct, local.secrets, ADA, "cora2", "C\u043era Example", [], FIRST),
        "mixes alphabets",
    )
    for account, name in (("olga", "Ольга Петрова"), ("wei", "王伟"), ("jose", "José Núñez-O'Neil")):
        accounts.open_account(local.conduct, local.secrets, ADA, account, name, [], FIRST)


def test_somebody_administers_always(local: Trial) -> None:
    refused(
        lambda: accounts.withdraw(local.conduct, ADA, "ada", Role.ADMINISTRATOR, "*", "left"), "only administrator left"
    )
    refused(lambda: accounts.revoke(local.conduct, ADA, "ada", "left"), "only administrator left")
    local.open_account("adam", "Adam Second", [(Role.ADMINISTRATOR, "*")])
    accounts.withdraw(local.conduct, ADA, "ada", Role.ADMINISTRATOR, "*", "left")


# -- sessions ----------------------------------------------------------------------------------------------------------


def test_a_session_is_more_than_a_row_of_the_database(trial: Trial) -> None:
    from escalon.casebook.canonical import digest
    from escalon.casebook.encoding import time_text

    now = time_text(trial.clock.now())
    with trial.casebook.changing() as connection:
        for token, bound in (("mallory", ""), ("mallet", "0" * 64)):
            row = {
                "token": digest(token),
                "account": "ines",
                "started": now,
                "bound": bound,
                "seen": now,
                "ended": None,
            }
            connection.execute(insert(sessions_table), row)
    for token in ("mallory", "mallet"):
        refused(lambda token=token: who(trial.conduct, token), "sign in first")  # type: ignore[misc]
    token = sign_in(trial.conduct, trial.secrets, "carla", PASSWORD)
    assert who(trial.conduct, token).account == "carla"
    with trial.casebook.changing() as connection:
        mine = sessions_table.c.token == digest(token)
        connection.execute(update(sessions_table).where(mine).values(account="ines"))
    refused(lambda: who(trial.conduct, token), "sign in first")


def test_a_session_seen_in_the_future_has_ended(local: Trial) -> None:
    token = sign_in(local.conduct, local.secrets, "carla", PASSWORD)
    with local.casebook.changing() as connection:
        connection.execute(update(sessions_table).values(seen="2099-01-01T00:00:00.000000Z"))
    refused(lambda: who(local.conduct, token), "ended by time")


# -- recovery ----------------------------------------------------------------------------------------------------------


def test_an_administrator_is_recovered_with_the_sealed_code_and_once(local: Trial) -> None:
    new = "a password of one's own"

    def recover(code: str, account: str = "ada") -> Any:
        return accounts.recover_administrator(local.conduct, local.secrets, account, new, code)

    for guess in ("", "AAAA-AAAA-AAAA-AAAA-AAAA-AAAA-AAAA-AAAA", local.recovery[:-1]):
        refused(lambda guess=guess: recover(guess), "not the recovery code that counts")  # type: ignore[misc]
    refused(lambda: recover(local.recovery, "ines"), "is not an administrator")
    _, following = recover(local.recovery.lower().replace("-", " "))
    assert local.secrets.check("ada", new, None, local.clock.now()) is Checked.RIGHT
    refused(lambda: recover(local.recovery), "not the recovery code that counts")
    recover(following)
    written = "".join(entry.body for entry in local.casebook.entries())
    assert local.recovery not in written
    with local.casebook.reading() as connection:
        assert local.recovery not in str(connection.execute(select(secrets_table)).all())


# -- the generic way to record -----------------------------------------------------------------------------------------

OWN: list[Event] = [
    AccountOpened(account="ines", printed_name="Mallory"),
    RoleGranted(account="ghost", held=Role.MONITOR, at_site="*"),
    SecretSet(account="ghost", digest="0" * 64),
    BackupMade(upto=99999, digest="0" * 64),
    AmendmentAdopted(study_version="9 evil", digest="0" * 64, adopted_on=datetime(2026, 3, 1, tzinfo=UTC).date()),
    FolderImported(folder="data", digest="0" * 64, recorded=1, already_there=0, conflicts=0),
    CheckpointKeyChanged(public_key="zz"),
]


@pytest.mark.parametrize("event", OWN, ids=lambda event: event.kind)
def test_what_has_a_command_of_its_own_is_recorded_by_that_alone(local: Trial, event: Event) -> None:
    before = local.casebook.head.number
    refused(lambda: local.record(ADA, event), "is recorded by its own command only")
    refused(lambda: local.conduct.record_all(ADA, [event]), "is recorded by its own command only")
    assert local.casebook.head.number == before
    local.consent("P-1")


def test_the_records_own_life_is_never_recorded_corrected_or_annulled_by_hand(local: Trial) -> None:
    from escalon.history.events import account, record

    for kind in (one for one in KINDS.values() if one.__module__ in (account.__name__, record.__name__)):
        assert kind.own_command, f"{kind.__name__} can be recorded as it is"
    opened = next(local.casebook.entries(kinds=["AccountOpened"]))
    annulled = EntryAnnulled(annuls=opened.number, reason="never")
    refused(lambda: local.record(INES, annulled), "never corrected or annulled")
    now = AccountOpened(account="ada", printed_name="Mallory")
    refused(lambda: local.record(INES, EntryCorrected(corrects=opened.number, now=now, reason="x")), "own command only")


# -- the clock ---------------------------------------------------------------------------------------------------------


def test_a_clock_that_jumped_is_refused_and_one_set_right_goes_on(local: Trial) -> None:
    right = local.clock.now()
    local.clock.at = datetime(2099, 1, 1, tzinfo=UTC)
    with pytest.raises(ClockJumped, match="Set the clock right"):
        local.consent("P-1")
    local.clock.at = right
    local.consent("P-1")


def test_an_entry_from_the_future_is_answered_by_a_signed_one_and_recording_goes_on(local: Trial) -> None:
    right = local.clock.now()
    local.clock.at = right + timedelta(days=300)
    local.consent("P-1")
    local.clock.at = right
    with pytest.raises(ClockJumped, match="escalon casebook clock"):
        local.consent("P-2")
    refused(lambda: confirm_clock(local.conduct, local.secrets, CARLA, PASSWORD, "set right"), "may not record")
    refused(lambda: confirm_clock(local.conduct, local.secrets, INES, Password("guess"), "set right"), "is wrong")
    entry = confirm_clock(local.conduct, local.secrets, INES, PASSWORD, "the battery was changed")
    assert (entry.at, entry.author.person) == (right, "ines")
    local.consent("P-2")
    from escalon.casebook.chain import verify

    assert verify(local.casebook).is_whole


def test_after_years_of_nothing_a_person_says_that_the_clock_is_right(local: Trial) -> None:
    local.clock.at = datetime(2041, 1, 1, tzinfo=UTC)
    confirm_clock(local.conduct, local.secrets, ADA, PASSWORD, "follow-up of fifteen years")
    local.consent("P-1")


# -- copies ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("phrase", ["", "a", "               ", "aaaaaaaaaaaaaaaaaaaaaa", "fourteen chars"])
def test_a_backup_needs_a_passphrase_worth_the_name(local: Trial, tmp_path: Path, phrase: str) -> None:
    from escalon.casebook.backup import back_up

    with pytest.raises(CasebookError, match="at least 15 characters"):
        back_up(Path(local.casebook.place), tmp_path / "b", phrase)
    assert not (tmp_path / "b").exists()


def test_an_account_nobody_has_taken_over_stands_for_no_second_person(local: Trial) -> None:
    """Whoever opened it knows its password: the two who set somebody's password would be one."""
    roles = [(Role.INVESTIGATOR, "S1")]
    accounts.open_account(local.conduct, local.secrets, ADA, "newly", "Newly Come", roles, FIRST)
    before = local.casebook.last
    with pytest.raises(Refused, match="newly, who changes it first"):
        accounts.set_password(
            local.conduct,
            local.secrets,
            ADA,
            "ines",
            "chosen for somebody else",
            second="newly",
            second_password=Password(FIRST),
        )
    newly = local.conduct.trial.people.get("newly")
    for act in ("ArchiveMade", "BackupMade", "FolderWritten", "CheckpointKept"):
        with pytest.raises(Refused, match="change it before you copy"):
            role_that_may(newly, "newly", act)
    assert local.casebook.last == before
    own = Author("newly", "self", "", "test")
    accounts.change_own_password(local.conduct, local.secrets, own, Password(FIRST), SECRET)
    assert role_that_may(local.conduct.trial.people.get("newly"), "newly", "ArchiveMade") == roles[0]
    accounts.set_password(
        local.conduct,
        local.secrets,
        ADA,
        "ines",
        "chosen for somebody else",
        second="newly",
        second_password=Password(SECRET),
    )
