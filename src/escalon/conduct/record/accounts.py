"""Opening, changing and closing accounts. There is no account until someone opens the first one, for a named person."""

from __future__ import annotations

import re
from base64 import b32encode
from collections.abc import Iterable
from dataclasses import replace
from hmac import compare_digest
from secrets import token_bytes

from escalon.casebook.backup import restored_event
from escalon.casebook.canonical import digest
from escalon.casebook.casebook import Casebook
from escalon.casebook.entry import Entry
from escalon.casebook.keys import Signer, make_signer
from escalon.casebook.location import change_key
from escalon.casebook.secrets import SecretStore, verifier_digest
from escalon.conduct.permit.authority import authorise
from escalon.conduct.permit.refusal import refuse
from escalon.conduct.permit.sites import why_no_site
from escalon.conduct.record.printed_names import printed_name
from escalon.conduct.record.recording import Conduct
from escalon.conduct.record.signing import Password, check_password
from escalon.history import Trial
from escalon.history.entry import SYSTEM, Author
from escalon.history.events import (
    EVERY_SITE,
    AccountLocked,
    AccountOpened,
    AccountRevoked,
    Event,
    RecoveryCodeSet,
    Role,
    RoleGranted,
    RoleWithdrawn,
    SecretSet,
)
from escalon.history.people import People, Person

ACCOUNT_NAME = re.compile(r"[a-z][a-z0-9._-]{1,31}")

RECOVERY = Author("escalon", "software", "", "recovery at the computer")

FIRST = Author("escalon", "software", "", "first account")

Grants = Iterable[tuple[Role, str]]


def open_first_account(conduct: Conduct, secrets: SecretStore, account: str, printed: str, password: str) -> str:
    """Open the first administrator's account; refused as soon as anyone has one. Returns the recovery code, shown once."""
    key, name, code = make_signer(), printed_name(printed, ()), new_recovery_code()
    row = secrets.prepare(_named(account), password, None, key)
    with conduct.casebook.writing() as writer:
        if conduct.caught_up(writer).people.by_account:
            raise refuse("account", "the first account exists; an administrator opens the others")
        for event in (*_opening(account, name, [(Role.ADMINISTRATOR, "*")], row, key), _code_set(code)):
            writer.append(FIRST, event)
        secrets.keep(row, writer.connection)
    return code


def open_account(
    conduct: Conduct,
    secrets: SecretStore,
    author: Author,
    account: str,
    printed: str,
    roles: Grants,
    password: str,
    seed: str | None = None,
) -> None:
    """Open an account for one person, with roles at sites; a name once used is never given again.

    The person changes the password before signing with it, because until then two people know it.
    """
    row = secrets.prepare(_named(account), password, seed)
    with conduct.casebook.writing() as writer:
        trial = conduct.caught_up(writer)
        people = trial.people
        authorise(people.get(author.person), author, "AccountOpened", None)
        _refuse_no_site(trial, roles)
        _refuse_used(people, account)
        name = printed_name(printed, people.by_account.values())
        for event in _opening(account, name, roles, row):
            writer.append(author, event)
        secrets.keep(row, writer.connection)


def _opening(
    account: str, printed_name: str, roles: Grants, row: dict[str, str | None], key: Signer | None = None
) -> list[AccountOpened | RoleGranted | SecretSet]:
    granted = [RoleGranted(account=account, held=role, at_site=site) for role, site in roles]
    return [AccountOpened(account=account, printed_name=printed_name), *granted, _secret_set(account, row, key=key)]


def _secret_set(account: str, row: dict[str, str | None], with_whom: str = "", key: Signer | None = None) -> SecretSet:
    verifier, factor = str(row["verifier"]), row["second_factor"]
    return SecretSet(
        account=account,
        digest=verifier_digest(verifier, factor),
        second_factor=factor is not None,
        with_whom=with_whom,
        signing_key=key.public_key if key else "",
    )


def _named(account: str) -> str:
    if not ACCOUNT_NAME.fullmatch(account):
        raise refuse("account", f"{account!r} is no account name; write 2 to 32 of a-z, 0-9, '.', '_', '-'")
    if account == SYSTEM:
        raise refuse("account", f"{account} is what the software records as; choose another name")
    return account


def set_password(
    conduct: Conduct,
    secrets: SecretStore,
    author: Author,
    account: str,
    password: str,
    seed: str | None = None,
    *,
    second: str = "",
    second_password: Password | None = None,
) -> Entry:
    """An administrator and a second person set a new password for someone who forgot theirs; one alone cannot.

    The second person is neither of them, and gives their own password. The holder changes it before signing.
    """
    _refuse_alone(author, account, second)
    check_password(conduct, secrets, second, second_password or Password(""))
    row = secrets.prepare(account, password, seed)
    with conduct.casebook.writing() as writer:
        people = conduct.caught_up(writer).people
        authorise(people.get(author.person), author, "SecretSet", None)
        _refuse_known_to_others(people, second)
        entry = writer.append(author, _secret_set(_known(people, account).account, row, second))
        secrets.keep(row, writer.connection)
    return entry


def change_own_password(
    conduct: Conduct, secrets: SecretStore, author: Author, old: Password, new: str, seed: str | None = None
) -> Entry:
    """A person changes their own password, knowing the old one; their own signing key stays, or they get their first."""
    check_password(conduct, secrets, author.person, old)
    if new == old.text:
        raise refuse("password", "the new password is the old one; write another")
    key = secrets.own_key(author.person, old.text) or make_signer()
    row = secrets.prepare(author.person, new, seed, key)
    with conduct.casebook.writing() as writer:
        entry = writer.append(author, _secret_set(author.person, row, key=key))
        secrets.keep(row, writer.connection)
    return entry


def check_recovery(conduct: Conduct, account: str, code: str) -> None:
    """Refuse anything but an administrator's account and the recovery code that counts."""
    people = conduct.trial.people
    _refuse_other_codes(people, code)
    if not _rules(_known(people, account)):
        raise refuse("account", f"{account} is not an administrator; an administrator sets this password")


def recover_administrator(
    conduct: Conduct, secrets: SecretStore, account: str, password: str, code: str
) -> tuple[Entry, str]:
    """Set an administrator's password with the recovery code, which nobody's computer holds. Returns the next code."""
    check_recovery(conduct, account, code)
    key, next_code = make_signer(), new_recovery_code()
    row = secrets.prepare(account, password, key=key)
    with conduct.casebook.writing() as writer:
        _refuse_other_codes(conduct.caught_up(writer).people, code)
        entry = writer.append(RECOVERY, _secret_set(account, row, key=key))
        writer.append(RECOVERY, _code_set(next_code))
        secrets.keep(row, writer.connection)
    return entry, next_code


def take_over(casebook: Casebook) -> str:
    """Go on with a casebook restored without its key: a new key, which nobody vouches for, and a name of its own.

    Returns the public key. Verification says that nothing before is proved, until a printed hash or a known key is given.
    """
    end = casebook.head
    return change_key(casebook, RECOVERY, restored_event(end.number, end.hash, "an archive"))


def _refuse_other_codes(people: People, code: str) -> None:
    if not compare_digest(_code_digest(code), people.recovery):
        raise refuse("recovery", "this is not the recovery code that counts; each one is used once")


def new_recovery_code() -> str:
    """A code of 160 random bits, in groups that can be written down."""
    text = b32encode(token_bytes(20)).decode()
    return "-".join(text[at : at + 4] for at in range(0, len(text), 4))


def _code_set(code: str) -> RecoveryCodeSet:
    return RecoveryCodeSet(digest=_code_digest(code))


def _code_digest(code: str) -> str:
    return digest(f"escalon-recovery\n{''.join(code.upper().replace('-', '').split())}")


def grant(conduct: Conduct, author: Author, account: str, role: Role, site: str) -> Entry:
    """Give a person a role at a site."""

    def granted(trial: Trial) -> RoleGranted:
        given = RoleGranted(account=_known(trial.people, account).account, held=role, at_site=site)
        _refuse_no_site(trial, [(role, site)])
        check_account(trial.people, author, given)
        return given

    return conduct.record_built(author, granted)


def withdraw(conduct: Conduct, author: Author, account: str, role: Role, site: str, reason: str) -> Entry:
    """Take a role away from a person; not the last administrator's."""

    def withdrawn(trial: Trial) -> RoleWithdrawn:
        _refuse_without(trial.people, _without_role(trial.people, account, role, site))
        return RoleWithdrawn(account=account, held=role, at_site=site, reason=reason)

    return conduct.record_built(author, withdrawn)


def revoke(conduct: Conduct, author: Author, account: str, reason: str) -> Entry:
    """Close an account at once and for good; the last administrator cannot be revoked."""

    def revoked(trial: Trial) -> AccountRevoked:
        _refuse_without(trial.people, replace(_known(trial.people, account), is_revoked=True))
        return AccountRevoked(account=account, reason=reason)

    return conduct.record_built(author, revoked)


def check_account(people: People, author: Author, event: Event) -> None:
    """Refuse a change of an account that its own command would have refused, whoever may make such changes."""
    match event:
        case AccountOpened(account=account, printed_name=name):
            _refuse_used(people, _named(account))
            printed_name(name, people.by_account.values())
        case RoleGranted(account=account) | AccountLocked(account=account):
            _known(people, account)
            if author.person == account:
                raise refuse("account", f"nobody gives {account} a role but another administrator")
        case RoleWithdrawn(account=account, held=role, at_site=site):
            _refuse_without(people, _without_role(people, account, role, site))
        case AccountRevoked(account=account):
            _refuse_without(people, replace(_known(people, account), is_revoked=True))
        case SecretSet(account=account, with_whom=second):
            person = _known(people, account)
            if author == RECOVERY and not _rules(person):
                raise refuse("account", f"{account} is not an administrator")
            if author.person not in (SYSTEM, account) and person.secret:
                _refuse_alone(author, account, second)
                _refuse_known_to_others(people, second)
    opens = isinstance(event, AccountOpened) and people.by_account
    grants = isinstance(event, RoleGranted) and any(one.roles for one in people.by_account.values())
    if author.person == SYSTEM and (opens or grants):
        raise refuse("account", "the first account exists; an administrator opens the others")


def _refuse_no_site(trial: Trial, roles: Grants) -> None:
    for role, site in roles:
        if role is Role.ADMINISTRATOR and site != EVERY_SITE:
            raise refuse(
                "account", "site: an administrator is of the whole trial, not of one site: write administrator@*"
            )
        says = why_no_site(trial, site) if site else "site: write the site, or * for every one"
        if says:
            raise refuse("account", says)


def _refuse_used(people: People, account: str) -> None:
    if known := people.get(account):
        raise refuse("account", f"{account} is, or was, {known.printed_name}'s account; choose another name")


def _refuse_alone(author: Author, account: str, second: str) -> None:
    if not second or second in (author.person, account):
        raise refuse("reset", f"a new password for {account} takes two people: name a second one, neither of you two")


def _refuse_known_to_others(people: People, second: str) -> None:
    """Refuse a second person whose password somebody else set: the two would be one who knows both."""
    person = _known(people, second)
    if person.must_change:
        raise refuse(
            "reset", f"{person.secret_set_by} set the password of {second}, who changes it first; name another"
        )


def _without_role(people: People, account: str, role: Role, site: str) -> Person:
    person = _known(people, account)
    if (role, site) not in person.roles:
        raise refuse("role", f"{account} is not {role} at {site}")
    return replace(person, roles=person.roles - {(role, site)})


def _refuse_without(people: People, changed: Person) -> None:
    """Refuse a change after which nobody administers."""
    after = {**people.by_account, changed.account: changed}
    if not any(_rules(one) for one in after.values()):
        said = f"{changed.account} is the only administrator left; open another administrator's account first"
        raise refuse("account", said)


def _rules(person: Person) -> bool:
    return not person.is_revoked and any(role is Role.ADMINISTRATOR for role, _ in person.roles)


def _known(people: People, account: str) -> Person:
    person = people.get(account)
    if person is None or person.is_revoked:
        raise refuse("account", f"there is no open account {account}")
    return person
