"""What the casebook's commands begin with: the casebook opened, the study read, the person signed in."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, ParamSpec, TypeVar

import typer
from typer import Argument, Option

from escalon.casebook.errors import CasebookError
from escalon.cli.output import fail, in_one_line, note, say

if TYPE_CHECKING:
    from escalon.casebook.casebook import Casebook
    from escalon.casebook.secrets import SecretStore
    from escalon.conduct.record.recording import Conduct
    from escalon.conduct.record.signing import Password
    from escalon.history.entry import Author

CasebookFolder = Annotated[Path, Argument(metavar="CASEBOOK", help="The casebook's folder.")]
AsPerson = Annotated[str, Option("--as", envvar="ESCALON_ACCOUNT", help="Your account. The password is asked for.")]
InRole = Annotated[str | None, Option("--role", help="The role you act in, if you hold several.")]
AtSite = Annotated[str | None, Option("--site", help="The site you act for, if you hold several.")]

P = ParamSpec("P")
R = TypeVar("R")


@dataclass(frozen=True)
class OpenedCasebook:
    """An open casebook with a person who may act on it."""

    casebook: Casebook
    conduct: Conduct
    secrets: SecretStore
    author: Author
    password: Password


def clean(command: Callable[P, R]) -> Callable[P, R]:
    """Say errors in one line: exit code 1 where the answer is no (a refusal), 2 where something is wrong."""

    @functools.wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        from escalon.conduct.permit.refusal import Refused

        try:
            return command(*args, **kwargs)
        except Refused as refused:
            for one in refused.broken:
                lifted = f" (an override needs {count(one.signatures)})" if one.signatures else ""
                note(f"refused  {in_one_line(one.says)} [{in_one_line(one.rule)}]{lifted}")
            raise typer.Exit(1) from None
        except CasebookError as error:
            fail(error)

    return run


@contextmanager
def desk(
    folder: Path, account: str, role: str | None, site: str | None, *, amending: bool = False, signs: bool = False
) -> Iterator[OpenedCasebook]:
    """Open the casebook and sign the person in; where the act itself asks for password and code, it is left to it."""
    with _opened(folder, account, amending, signs, lambda conduct: author_of(conduct, account, role, site)) as at:
        yield at


@contextmanager
def reading(folder: Path, account: str, act: str = "read record", *, amending: bool = True) -> Iterator[OpenedCasebook]:
    """Open the casebook for somebody who may read or copy it, in whichever of their roles may."""
    from escalon.conduct.permit.authority import role_that_may
    from escalon.history.entry import Author

    def author(conduct: Conduct) -> Author:
        return Author(account, *role_that_may(conduct.trial.people.get(account), account, act), "cli")

    with _opened(folder, account, amending, False, author) as at:
        yield at


@contextmanager
def _opened(
    folder: Path, account: str, amending: bool, signs: bool, author: Callable[[Conduct], Author]
) -> Iterator[OpenedCasebook]:
    from escalon.casebook.location import open_casebook
    from escalon.conduct.record.opening import open_conduct
    from escalon.conduct.record.signing import check_password

    casebook = open_casebook(folder)
    try:
        conduct = open_conduct(casebook, folder, amending=amending)
        secrets = secret_store(casebook, folder)
        password = ask_password(f"Password of {account}", _has_second_factor(conduct, account))
        if not signs:
            check_password(conduct, secrets, account, password)
        yield OpenedCasebook(casebook, conduct, secrets, author(conduct), password)
    finally:
        casebook.close()


@clean
def check_reader(folder: Path, account: str) -> None:
    """Refuse whoever may not read the record."""
    with reading(folder, account):
        pass


def secret_store(casebook: Casebook, folder: Path) -> SecretStore:
    """The store of passwords of a casebook."""
    from argon2 import PasswordHasher

    from escalon.casebook.location import open_seal
    from escalon.casebook.secrets import SecretStore

    return SecretStore(casebook, open_seal(folder), PasswordHasher())


def author_of(conduct: Conduct, account: str, role: str | None, site: str | None) -> Author:
    """Who acts: the account, in the one role and at the one site it holds, or those named."""
    from escalon.conduct.permit.refusal import refuse
    from escalon.history.entry import Author

    person = conduct.trial.people.get(account)
    held = sorted(person.roles) if person else []
    chosen = [(r, s) for r, s in held if role in (None, str(r)) and site in (None, s)]
    if len(chosen) != 1:
        list_of = ", ".join(f"--role {str(r)!r} --site {s!r}" for r, s in held) or "none"
        raise refuse("role", f"say in which role {account} acts; held: {list_of}")
    return Author(account, str(chosen[0][0]), chosen[0][1], "cli")


def _has_second_factor(conduct: Conduct, account: str) -> bool:
    person = conduct.trial.people.get(account)
    return person is not None and person.has_second_factor


def ask_password(prompt: str, with_code: bool = False, *, of: str = "ESCALON_PASSWORD") -> Password:
    """The password, typed unseen, or ESCALON_PASSWORD (and ESCALON_CODE) where a script runs."""
    from escalon.conduct.record.signing import Password

    given = os.environ.get(of)
    if given is not None:
        return Password(given, os.environ.get(of.replace("PASSWORD", "CODE")))
    text = typer.prompt(prompt, hide_input=True, err=True)
    return Password(text, typer.prompt("Code of the second factor", err=True) if with_code else None)


def ask_new(name: str, variable: str) -> str:
    """A new password or passphrase, typed twice, or taken from an environment variable."""
    given = os.environ.get(variable)
    return given if given is not None else str(typer.prompt(name, hide_input=True, confirmation_prompt=True, err=True))


def ask_recovery_code() -> str:
    """The recovery code, typed, or ESCALON_RECOVERY_CODE."""
    given = os.environ.get("ESCALON_RECOVERY_CODE")
    return given if given is not None else str(typer.prompt("Recovery code", err=True))


def tell_recovery_code(code: str) -> None:
    """The code that sets a forgotten administrator's password, shown this once."""
    say(f"Recovery code, shown this once: {code}\nSeal it in an envelope, away from this computer; it works once.")


def count(signatures: int) -> str:
    """So many signatures, in words."""
    return "one signature" if signatures == 1 else f"{signatures} signatures"
