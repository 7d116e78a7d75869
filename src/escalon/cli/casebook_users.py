"""`escalon user`: accounts and roles of a casebook."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from escalon.cli.casebook_desk import (
    AsPerson,
    CasebookFolder,
    ask_new,
    ask_password,
    clean,
    desk,
    secret_store,
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
    list[str] | None, typer.Option("--role", help="ROLE@SITE, for instance investigator@S1; every site: committee@'*'.")
]
Account = Annotated[str, typer.Argument(help="The account.")]
TwoFactors = Annotated[bool, typer.Option("--second-factor", help="Also set up a second factor (TOTP).")]


@user.command()
@clean
def add(
    folder: CasebookFolder,
    account: Account,
    name: Annotated[str, typer.Option("--name", help="The person's name, as signatures print it.")],
    administrator: AsPerson,
    role: RoleAt = None,
    second_factor: TwoFactors = False,
) -> None:
    """Open an account. The first password is set here; the person changes it with `escalon user password`.

    escalon user add book/ ines --name "Ines Vega" --role investigator@S1 --as ada
    """
    from escalon.conduct.accounts import open_account

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
def list_accounts(folder: CasebookFolder, as_json: AsJson = False) -> None:
    """Every account there is or was, and the roles it holds."""
    from escalon.casebook.location import open_casebook
    from escalon.conduct.people import People

    people = People()
    for entry in open_casebook(folder, read_only=True).entries(facts=False):
        people.apply(entry)
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
    role: Annotated[str, typer.Argument(help="ROLE@SITE")],
    administrator: AsPerson,
) -> None:
    """Give a person a role at a site."""
    from escalon.conduct.accounts import grant as grant_role

    with desk(folder, administrator, None, None, amending=True) as at:
        say(grant_role(at.conduct, at.author, account, *_role(role)).event.what)


@user.command()
@clean
def withdraw(
    folder: CasebookFolder,
    account: Account,
    role: Annotated[str, typer.Argument(help="ROLE@SITE")],
    administrator: AsPerson,
    reason: Annotated[str, typer.Option(help="Why.")],
) -> None:
    """Take a role away from a person."""
    from escalon.conduct.accounts import withdraw as withdraw_role

    with desk(folder, administrator, None, None, amending=True) as at:
        say(withdraw_role(at.conduct, at.author, account, *_role(role), reason).event.what)


@user.command()
@clean
def revoke(
    folder: CasebookFolder,
    account: Account,
    administrator: AsPerson,
    reason: Annotated[str, typer.Option(help="Why.")],
) -> None:
    """Close an account at once and for good; open sessions end with the next click."""
    from escalon.conduct.accounts import revoke as revoke_account

    with desk(folder, administrator, None, None, amending=True) as at:
        revoke_account(at.conduct, at.author, account, reason)
    say(f"account {account} is revoked")


@user.command()
@clean
def password(folder: CasebookFolder, account: Account, second_factor: TwoFactors = False) -> None:
    """Change your own password."""
    from escalon.casebook.entry import Author
    from escalon.casebook.location import open_casebook
    from escalon.cli.casebook_desk import without_study
    from escalon.conduct.accounts import change_own_password

    casebook = open_casebook(folder)
    conduct, seed = without_study(casebook), _seed(second_factor)
    known = conduct.standing.people.get(account)
    old = ask_password("The password you have", known is not None and known.has_second_factor)
    new = ask_new("New password", "ESCALON_NEW_PASSWORD")
    author = Author(account, "self", "", "cli")
    change_own_password(conduct, secret_store(casebook, folder), author, old, new, seed)
    casebook.close()
    say("changed")
    _tell_seed(seed, account)


@user.command()
@clean
def reset(folder: CasebookFolder, account: Account, administrator: AsPerson, second_factor: TwoFactors = False) -> None:
    """Set a new password for someone who forgot theirs."""
    from escalon.conduct.accounts import set_password

    seed = _seed(second_factor)
    with desk(folder, administrator, None, None, amending=True) as at:
        new = ask_new(f"New password for {account}", "ESCALON_NEW_PASSWORD")
        set_password(at.conduct, at.secrets, at.author, account, new, seed)
    say("set")
    _tell_seed(seed, account)


@user.command()
@clean
def recover(folder: CasebookFolder, account: Account) -> None:
    """Set an administrator's password at the computer itself, after a restore from an archive, which has none.

    It needs the casebook's signing key, and stands in the audit trail as what it is.
    """
    from escalon.casebook.location import open_casebook
    from escalon.cli.casebook_desk import without_study
    from escalon.conduct.accounts import recover_administrator

    casebook = open_casebook(folder)
    new = ask_new(f"New password for {account}", "ESCALON_NEW_PASSWORD")
    recover_administrator(without_study(casebook), secret_store(casebook, folder), account, new)
    casebook.close()
    say("set")
