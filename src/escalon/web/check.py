"""What an administrator must still do before people work with a casebook in the browser."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from escalon.history.people import Person

if TYPE_CHECKING:
    from escalon.web.workbench import Workbench

LOOPBACK = ("127.0.0.1", "localhost", "::1", "[::1]")


def what_is_left(place: str, host: str, certificate: Path | None) -> list[str]:
    """What is left to do, each in a sentence that says how; empty where nothing is."""
    found: list[str] = []
    if host not in LOOPBACK and certificate is None:
        found.append(f"a certificate for {host}: add --certificate CHAIN.pem --key KEY.pem, or serve on 127.0.0.1")
    if certificate is not None and not certificate.is_file():
        found.append(f"{certificate}: there is no such file")
    if (Path(place) / "casebook.toml").is_file():
        from escalon.web.workbench import open_workbench

        bench = open_workbench(Path(place), amending=True)
        found += left_to_do(bench)
        bench.opened.casebook.close()
    else:
        found.append(f"{place} is no casebook: it is served for reading. Make one: escalon casebook init BOOK {place}")
    return found


def left_to_do(bench: Workbench) -> Iterator[str]:
    """What is left to do for a casebook: keys, version, people, backups."""
    return (says for says, _ in left_by_page(bench))


def left_by_page(bench: Workbench) -> Iterator[tuple[str, str]]:
    """What is left to do, and the page on which it is done, or told how."""
    trial, folder = bench.opened.trial, bench.folder or Path("BOOK")
    people = [one for one in trial.people.by_account.values() if not one.is_revoked]
    yield from ((says, "/admin/keys") for says in _of_keys(bench, folder))
    yield from ((says, "/admin/people") for says in _of_people(folder, people))
    if not list(bench.opened.casebook.entries(kinds=["BackupMade"])):
        yield f"a backup was never made: escalon backup {folder} DESTINATION", "/admin/backups"


def _of_keys(bench: Workbench, folder: Path) -> Iterator[str]:
    from escalon.casebook.keys import key_passphrase

    casebook = bench.opened.casebook
    if casebook.signer is None:
        yield casebook.why_read_only
    if key_passphrase() is None:
        yield f"{folder / 'keys'}: the keys lie open. Protect them with a passphrase (ESCALON_KEY_PASSPHRASE)"
    if casebook.study != f"{bench.study.id} {bench.study.version}":
        yield f"the casebook works under {casebook.study}, the study is {bench.study.version}: escalon casebook amend {folder}"


def _of_people(folder: Path, people: list[Person]) -> Iterator[str]:
    for one in people:
        if one.must_change:
            yield f"{one.account} still has the password an administrator chose: escalon user password {folder} {one.account}"
    if open_to := ", ".join(one.account for one in people if not one.has_second_factor):
        yield f"without a second factor: {open_to}. Give each one: escalon user password {folder} ACCOUNT --second-factor"
    held = {str(role) for one in people for role, _ in one.roles}
    if missing := [name for name in ("investigator", "coordinator") if name not in held]:
        yield f"nobody is {' or '.join(missing)}: escalon user add {folder} ACCOUNT --name NAME --role {missing[0]}@SITE"
    committee = sum(any(role == "committee" for role, _ in one.roles) for one in people)
    if committee < 2:
        yield f"a decision needs two committee members; there are {committee}"
