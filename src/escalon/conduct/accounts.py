"""Opening, changing and closing accounts. There is no account until someone opens the first one, for a named person."""

from __future__ import annotations

import re
from collections.abc import Iterable

from escalon.casebook.entry import Author, Entry
from escalon.casebook.secrets import SecretStore, verifier_digest
from escalon.conduct.authority import authorise
from escalon.conduct.people import Person
from escalon.conduct.recording import Conduct
from escalon.conduct.refusal import refuse
from escalon.conduct.signing import Password, check_password
from escalon.history.events import AccountOpened, AccountRevoked, Role, RoleGranted, RoleWithdrawn, SecretSet

ACCOUNT_NAME = re.compile(r"[a-z][a-z0-9._-]{1,31}")

RECOVERY = Author("escalon", "software", "", "recovery at the computer")

FIRST = Author("escalon", "software", "", "first account")

Grants = Iterable[tuple[Role, str]]


def open_first_account(
    conduct: Conduct, secrets: SecretStore, account: str, printed_name: str, password: str, seed: str | None = None
) -> None:
    """Open the first administrator's account; refused as soon as anyone has an account."""
    row = secrets.prepare(_named(account), password, seed)
    with conduct.casebook.writing() as writer:
        for entry in writer.entries(facts=False):
            if isinstance(entry.event, AccountOpened):
                raise refuse("account", "the first account exists; an administrator opens the others")
        for event in _opening(account, printed_name, [(Role.ADMINISTRATOR, "*")], row):
            writer.append(FIRST, event)
        secrets.keep(row, writer.connection)


def open_account(
    conduct: Conduct,
    secrets: SecretStore,
    author: Author,
    account: str,
    printed_name: str,
    roles: Grants,
    password: str,
    seed: str | None = None,
) -> None:
    """Open an account for one person, with roles at sites; a name once used is never given again."""
    row = secrets.prepare(_named(account), password, seed)
    with conduct.casebook.writing() as writer:
        people = conduct.caught_up(writer).people
        authorise(people.get(author.person), author, "AccountOpened", None)
        if known := people.get(account):
            raise refuse("account", f"{account} is, or was, {known.printed_name}'s account; choose another name")
        for event in _opening(account, printed_name, roles, row):
            writer.append(author, event)
        secrets.keep(row, writer.connection)


def _opening(
    account: str, printed_name: str, roles: Grants, row: dict[str, str | None]
) -> list[AccountOpened | RoleGranted | SecretSet]:
    granted = [RoleGranted(account=account, held=role, at_site=site) for role, site in roles]
    return [AccountOpened(account=account, printed_name=printed_name), *granted, _secret_set(account, row)]


def _secret_set(account: str, row: dict[str, str | None]) -> SecretSet:
    verifier, second = str(row["verifier"]), row["second_factor"]
    return SecretSet(account=account, digest=verifier_digest(verifier, second), second_factor=second is not None)


def _named(account: str) -> str:
    if not ACCOUNT_NAME.fullmatch(account):
        raise refuse("account", f"{account!r} is no account name; write 2 to 32 of a-z, 0-9, '.', '_', '-'")
    return account


def set_password(
    conduct: Conduct, secrets: SecretStore, author: Author, account: str, password: str, seed: str | None = None
) -> Entry:
    """An administrator sets a new password (and second factor) for someone."""
    row = secrets.prepare(account, password, seed)
    with conduct.casebook.writing() as writer:
        authorise(conduct.caught_up(writer).people.get(author.person), author, "SecretSet", None)
        entry = writer.append(author, _secret_set(_known(conduct, account).account, row))
        secrets.keep(row, writer.connection)
    return entry


def change_own_password(
    conduct: Conduct, secrets: SecretStore, author: Author, old: Password, new: str, seed: str | None = None
) -> Entry:
    """A person changes their own password, knowing the old one."""
    check_password(conduct, secrets, author.person, old)
    row = secrets.prepare(author.person, new, seed)
    with conduct.casebook.writing() as writer:
        entry = writer.append(author, _secret_set(author.person, row))
        secrets.keep(row, writer.connection)
    return entry


def recover_administrator(conduct: Conduct, secrets: SecretStore, account: str, password: str) -> Entry:
    """Set an administrator's password without an administrator, at the computer that holds the casebook's keys."""
    if not _rules(_known(conduct, account)):
        raise refuse("account", f"{account} is not an administrator; an administrator sets this password")
    row = secrets.prepare(account, password)
    with conduct.casebook.writing() as writer:
        entry = writer.append(RECOVERY, _secret_set(account, row))
        secrets.keep(row, writer.connection)
    return entry


def grant(conduct: Conduct, author: Author, account: str, role: Role, site: str) -> Entry:
    """Give a person a role at a site."""
    _known(conduct, account)
    return conduct.record(author, RoleGranted(account=account, held=role, at_site=site))


def withdraw(conduct: Conduct, author: Author, account: str, role: Role, site: str, reason: str) -> Entry:
    """Take a role away from a person."""
    if (role, site) not in _known(conduct, account).roles:
        raise refuse("role", f"{account} is not {role} at {site}")
    return conduct.record(author, RoleWithdrawn(account=account, held=role, at_site=site, reason=reason))


def revoke(conduct: Conduct, author: Author, account: str, reason: str) -> Entry:
    """Close an account at once and for good; the last administrator cannot be revoked."""
    person = _known(conduct, account)
    others = [one for one in conduct.standing.people.by_account.values() if one.account != account and _rules(one)]
    if _rules(person) and not others:
        raise refuse("account", f"{account} is the only administrator left; open another administrator's account first")
    return conduct.record(author, AccountRevoked(account=account, reason=reason))


def _rules(person: Person) -> bool:
    return not person.is_revoked and any(role is Role.ADMINISTRATOR for role, _ in person.roles)


def _known(conduct: Conduct, account: str) -> Person:
    person = conduct.standing.people.get(account)
    if person is None or person.is_revoked:
        raise refuse("account", f"there is no open account {account}")
    return person
