"""What an administrator does: people and their roles, backups, keys and verification. No trial data is seen here."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from escalon.casebook.errors import CasebookError
from escalon.casebook.keys import key_passphrase
from escalon.casebook.location import settings_of
from escalon.casebook.witness import last_seen
from escalon.conduct.permit.authority import ALLOWED
from escalon.conduct.permit.refusal import refuse
from escalon.conduct.record import accounts
from escalon.conduct.record.signing import Password
from escalon.history import Entry
from escalon.history.events import Role
from escalon.web.check import left_to_do
from escalon.web.desk import Desk
from escalon.web.pages.record import OF_ACCOUNTS
from escalon.web.registry import ADMINISTRATORS, act, page, taken
from escalon.web.said import Told
from escalon.web.telling import EntryShown, entry_shown

BACKERS_UP = ALLOWED["BackupMade"]
OF_COPIES = "BackupMade ArchiveMade CasebookRestored CheckpointKept CheckpointKeyChanged ClockConfirmed".split()


@dataclass(frozen=True)
class PersonRow:
    """An account: whose, the roles it holds, and what is left to do for it."""

    account: str
    name: str
    roles: tuple[tuple[str, str], ...]
    is_revoked: bool
    has_second_factor: bool
    must_change: bool


@dataclass(frozen=True)
class PeoplePage:
    """Every account there is or was."""

    people: tuple[PersonRow, ...]
    roles: tuple[str, ...]
    changes: tuple[EntryShown, ...]
    left: tuple[str, ...]


@page("/admin/people", ADMINISTRATORS, over_folder=False)
def people(desk: Desk) -> PeoplePage:
    """Every account there is or was, the roles it holds, and what is left to do."""
    rows = tuple(
        taken(PersonRow, one, name=one.printed_name, roles=tuple(sorted((str(role), site) for role, site in one.roles)))
        for one in desk.trial.people.by_account.values()
    )
    changes = tuple(entry_shown(desk, one) for one in reversed(desk.entries(kinds=OF_ACCOUNTS)[-20:]))
    return PeoplePage(rows, tuple(map(str, Role)), changes, desk.kept("left", lambda: tuple(left_to_do(desk.bench))))


@act("AccountOpened")
def open_account(desk: Desk, said: Told) -> str:
    """Open an account for one person, in one role at one site."""
    role, site = _role(said)
    account, name = said.text("account"), said.text("printed_name")
    accounts.open_account(
        desk.conduct, desk.bench.sealed, desk.author, account, name, [(role, site)], said.text("first")
    )
    return f"account {account} is open for {name}"


def _role(said: Told) -> tuple[Role, str]:
    held = said.text("held")
    if held not in set(Role):
        raise refuse("form", f"held: {held!r} is not a role")
    return Role(held), said.text("at_site")


@act("RoleGranted")
def grant(desk: Desk, said: Told) -> Entry:
    """Give a person a role at a site."""
    return accounts.grant(desk.conduct, desk.author, said.text("account"), *_role(said))


@act("RoleWithdrawn")
def withdraw(desk: Desk, said: Told) -> Entry:
    """Take a role away from a person."""
    return accounts.withdraw(desk.conduct, desk.author, said.text("account"), *_role(said), said.text("reason"))


@act("AccountRevoked")
def revoke(desk: Desk, said: Told) -> Entry:
    """Close an account at once and for good."""
    return accounts.revoke(desk.conduct, desk.author, said.text("account"), said.text("reason"))


@act("PasswordReset")
def reset(desk: Desk, said: Told) -> Entry:
    """Set a new password for somebody who forgot theirs; it takes a second person, who types their own."""
    second = Password(said.text("second_password"), said.text("second_code", "") or None)
    account, new = said.text("account"), said.text("first")
    return accounts.set_password(
        desk.conduct, desk.bench.sealed, desk.author, account, new, second=said.text("second"), second_password=second
    )


# -- copies ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class BackupsPage:
    """The copies made, and where the next one is written."""

    copies: tuple[EntryShown, ...]
    folder: str
    may_back_up: bool


@page("/admin/backups", BACKERS_UP, over_folder=False)
def backups(desk: Desk) -> BackupsPage:
    """Copies that were made of the record, sealed with a passphrase, read back and verified before they counted."""
    found = reversed(desk.entries(kinds=OF_COPIES))
    return BackupsPage(tuple(entry_shown(desk, one) for one in found), str(_backups(desk)), desk.may("BackupMade"))


def _backups(desk: Desk) -> Path:
    return desk.bench.place.resolve().parent / "backups"


@act("BackupMade")
def back_up(desk: Desk, said: Told) -> str:
    """Make a sealed copy beside the casebook's folder; the passphrase is known to nobody else."""
    from escalon.casebook.backup import back_up as write

    if not desk.may("BackupMade"):
        raise refuse("authority", f"{desk.role} may not record: backup made")
    folder = _backups(desk)
    if said.text("passphrase") != said.text("again"):
        raise refuse("form", "again: the two passphrases differ")
    folder.mkdir(mode=0o700, exist_ok=True)
    to = folder / f"{desk.bench.place.name}-{desk.bench.now():%Y%m%d-%H%M%S}.escalon"
    made = write(desk.bench.place, to, said.text("passphrase"), desk.author)
    return f"{to}: {made.entries} entries"


@dataclass(frozen=True)
class WitnessRow:
    """A witness that this server reaches: where, how far it has seen the record, when, and whether that still stands."""

    place: str
    entry: int
    hash: str
    at: str
    stands: bool | None
    """Whether the record still says there what the witness saw; None where it has seen nothing, or cannot be reached."""
    problem: str


@dataclass(frozen=True)
class KeysPage:
    """The casebook's public key, its checkpoints and witnesses, and how to hold a record against them."""

    public_key: str
    can_record: bool
    is_protected: bool
    entries: int
    ends_in: str
    checkpoints: tuple[tuple[int, str, str], ...]
    folder: str
    witnesses: tuple[WitnessRow, ...]
    may_witness: bool


@page("/admin/keys", ALLOWED["verify"], over_folder=False)
def keys(desk: Desk) -> KeysPage:
    """The public key and the last signed checkpoints, to be held against a printed report, a witness or an archive."""
    casebook = desk.conduct.casebook
    head = casebook.head
    kept = desk.kept("checkpoints", casebook.checkpoints)
    return KeysPage(
        casebook.public_key,
        casebook.signer is not None,
        key_passphrase() is not None,
        head.number,
        head.hash,
        tuple((one.number, one.hash, one.at) for one in reversed(kept[-10:])),
        str(desk.bench.place),
        tuple(_witness(desk, place) for place in _witnesses(desk)),
        desk.may("BackupMade"),
    )


def _witnesses(desk: Desk) -> tuple[str, ...]:
    """The folders of witnesses that `casebook.toml` names: on a stick, another computer's share, a colleague's account."""
    named = settings_of(desk.bench.place).get("witnesses", [])
    return tuple(map(str, [named] if isinstance(named, str) else named))


def _witness(desk: Desk, place: str) -> WitnessRow:
    try:
        found = last_seen(Path(place), desk.bench.place)
    except (CasebookError, OSError) as error:
        return WitnessRow(place, 0, "", "", None, str(error))
    if found is None:
        return WitnessRow(place, 0, "", "", None, "")
    casebook = desk.conduct.casebook
    stands = found.number <= casebook.head.number and casebook.entry(found.number).hash == found.hash
    return WitnessRow(place, found.number, found.hash, found.at, stands, "")


@act("witness")
def have_witnessed(desk: Desk, said: Told) -> str:
    """Have a witness verify the whole record and sign where it ends; it signs only what has grown from what it saw."""
    from escalon.casebook.witness import observe

    if not desk.may("BackupMade"):
        raise refuse("authority", f"{desk.role} may not run a witness")
    place = said.text("place")
    if place not in _witnesses(desk):
        raise refuse("form", f"place: {place} is no witness that casebook.toml names")
    seen = observe(Path(place), desk.bench.place, desk.bench.now())
    return f"{place}: seen as far as entry {seen.number}"
