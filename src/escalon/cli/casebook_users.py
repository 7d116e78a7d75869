"""`escalon user`: accounts and roles of a casebook."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer
from typer import Argument, Option

from escalon.cli.casebook_desk import (
    AsPerson,
    CasebookFolder,
    ask_new,
    ask_password,
    ask_recovery_code,
    clean,
    desk,
    reading,
    secret_store,
    tell_recovery_code,
)
from escalon.cli.output import AsJson, print_json, say

if TYPE_CHECKING:
    from escalon.history.events import Role

user = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    help="Accounts and roles. One account is one person, for good; a name is never given again."
    "\n\nRoles: coordinator, investigator, cell lab, statistician, committee, monitor, administrator.",
)

RoleAt = Annotated[
    list[str] | None, Option("--role", help="ROLE@SITE, for instance investigator@S1; every site: committee@'*'.")
]
Account = Annotated[str, Argument(help="The account.")]
TwoFactors = Annotated[bool, Option("--second-factor", help="Also set up a second factor (TOTP).")]


@user.command()
@clean
def add(
    folder: CasebookFolder,
    account: Account,
    name: Annotated[str, Option("--name", help="The person's name, as signatures print it.")],
    administrator: AsPerson,
    role: RoleAt = None,
    second_factor: TwoFactors = False,
) -> None:
    """Open an account. The first password is set here; the person changes it with `escalon user password`.

    escalon user add book/ ines --name "Ines Vega" --role investigator@S1 --as ada
    """
    from escalon.conduct.record.accounts import open_account

    seed = _seed(second_factor)
    with desk(folder, administrator, None, None, amending=True) as at:
        roles = [_role(one) for one in role or []]
        password = ask_new(f"First password for {account}", "ESCALON_NEW_PASSWORD")
        open_account(at.conduct, at.secrets, at.author, account, name, roles, password, seed)
    say(f"account {account} is open for {name}")
    _tell_seed(seed, account)


def _role(written: str) -> tuple[Role, str]:
    from escalon.casebook.errors import CasebookError
    from escalon.history.events import Role

    held, at, site = written.rpartition("@")
    held = held.replace("_", " ")
    if not at or held not in set(Role) or not site:
        raise CasebookError(f"--role {written!r}: write ROLE@SITE with one of {', '.join(Role)}")
    return Role(held), site


def _seed(wanted: bool) -> str | None:
    from escalon.casebook.secrets import new_seed

    return new_seed() if wanted else None


def _tell_seed(seed: str | None, account: str) -> None:
    import pyotp

    if seed:
        address = pyotp.TOTP(seed).provisioning_uri(name=account, issuer_name="Escalon")
        say(f"Second factor, shown this once: {address}")


@user.command(name="list")
@clean
def list_accounts(folder: CasebookFolder, account: AsPerson, as_json: AsJson = False) -> None:
    """Every account there is or was, and the roles it holds.

    escalon user list book/ --as admin
    """
    with reading(folder, account, "read accounts") as at:
        people = at.conduct.trial.people
    rows = [
        {
            "account": one.account,
            "name": one.printed_name,
            "roles": sorted(f"{role}@{site}" for role, site in one.roles),
            "revoked": one.is_revoked,
        }
        for one in people.by_account.values()
    ]
    if as_json:
        print_json(rows)
        return
    for one in rows:
        held = ", ".join(one["roles"]) if isinstance(one["roles"], list) else ""
        say(f"{one['account']:<16} {one['name']:<24} {'REVOKED' if one['revoked'] else held or 'no role'}")


@user.command()
@clean
def grant(
    folder: CasebookFolder,
    account: Account,
    role: Annotated[str, Argument(help="ROLE@SITE")],
    administrator: AsPerson,
) -> None:
    """Give a person a role at a site.

    escalon user grant book/ ines investigator@S1 --as admin
    """
    from escalon.conduct.record.accounts import grant as grant_role

    with desk(folder, administrator, None, None, amending=True) as at:
        say(grant_role(at.conduct, at.author, account, *_role(role)).event.what)


@user.command()
@clean
def withdraw(
    folder: CasebookFolder,
    account: Account,
    role: Annotated[str, Argument(help="ROLE@SITE")],
    administrator: AsPerson,
    reason: Annotated[str, Option(help="Why.")],
) -> None:
    """Take a role away from a person.

    escalon user withdraw book/ ines investigator@S1 --reason 'left the study' --as admin
    """
    from escalon.conduct.record.accounts import withdraw as withdraw_role

    with desk(folder, administrator, None, None, amending=True) as at:
        say(withdraw_role(at.conduct, at.author, account, *_role(role), reason).event.what)


@user.command()
@clean
def revoke(
    folder: CasebookFolder,
    account: Account,
    administrator: AsPerson,
    reason: Annotated[str, Option(help="Why.")],
) -> None:
    """Close an account at once and for good; open sessions end with the next click.

    escalon user revoke book/ ines --reason 'left the hospital' --as admin
    """
    from escalon.conduct.record.accounts import revoke as revoke_account

    with desk(folder, administrator, None, None, amending=True) as at:
        revoke_account(at.conduct, at.author, account, reason)
    say(f"account {account} is revoked")


@user.command()
@clean
def password(folder: CasebookFolder, account: Account, second_factor: TwoFactors = False) -> None:
    """Change your own password.

    escalon user password book/ ines
    """
    from escalon.casebook.location import open_casebook
    from escalon.conduct.record.accounts import change_own_password
    from escalon.conduct.record.opening import open_conduct
    from escalon.history.entry import Author

    casebook = open_casebook(folder)
    conduct, seed = open_conduct(casebook, folder, amending=True), _seed(second_factor)
    known = conduct.trial.people.get(account)
    old = ask_password("The password you have", known is not None and known.has_second_factor)
    new = ask_new("New password", "ESCALON_NEW_PASSWORD")
    author = Author(account, "self", "", "cli")
    change_own_password(conduct, secret_store(casebook, folder), author, old, new, seed)
    casebook.close()
    say("changed")
    _tell_seed(seed, account)


@user.command()
@clean
def reset(
    folder: CasebookFolder,
    account: Account,
    administrator: AsPerson,
    second: Annotated[str, Option("--with", help="A second person's account; their password is asked for too.")],
    second_factor: TwoFactors = False,
) -> None:
    """Set a new password for someone who forgot theirs; it takes two, and the person changes it before signing.

    escalon user reset book/ ines --with mona --as ada
    """
    from escalon.conduct.record.accounts import set_password

    seed = _seed(second_factor)
    with desk(folder, administrator, None, None, amending=True) as at:
        known = at.conduct.trial.people.get(second)
        with_code = known is not None and known.has_second_factor
        theirs = ask_password(f"Password of {second}", with_code, of="ESCALON_SECOND_PASSWORD")
        new = ask_new(f"New password for {account}", "ESCALON_NEW_PASSWORD")
        set_password(at.conduct, at.secrets, at.author, account, new, seed, second=second, second_password=theirs)
    say("set")
    _tell_seed(seed, account)


@user.command()
@clean
def recover(folder: CasebookFolder, account: Account) -> None:
    """Set an administrator's password with the recovery code that `escalon casebook init` showed.

    After a restore from an archive, which has neither keys nor passwords, it also goes on with a new signing key.

    escalon user recover book/ admin
    """
    from escalon.casebook.location import open_casebook
    from escalon.conduct.record.accounts import check_recovery, recover_administrator, take_over
    from escalon.conduct.record.opening import open_conduct

    casebook = open_casebook(folder)
    conduct, code = open_conduct(casebook, folder, amending=True), ask_recovery_code()
    check_recovery(conduct, account, code)
    new = ask_new(f"New password for {account}", "ESCALON_NEW_PASSWORD")
    if casebook.signer is None:
        say(f"public key, to be kept elsewhere: {take_over(casebook)}")
    _, next_code = recover_administrator(conduct, secret_store(casebook, folder), account, new, code)
    casebook.close()
    say("set")
    tell_recovery_code(next_code)
