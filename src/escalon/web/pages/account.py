"""One's own account: password, second factor, acting role and language."""

from __future__ import annotations

from dataclasses import dataclass

import pyotp
import segno

from escalon.casebook.secrets import SHORTEST_ALONE, SHORTEST_WITH_SECOND_FACTOR, new_seed
from escalon.conduct.permit.refusal import refuse
from escalon.conduct.record.accounts import change_own_password
from escalon.history import Author
from escalon.web.acts import with_password
from escalon.web.desk import Desk
from escalon.web.registry import EVERYBODY, act, page
from escalon.web.said import Told
from escalon.web.telling import EntryShown, entry_shown

SETTING_UP = "second factor"


@dataclass(frozen=True)
class MyPage:
    """One's own account; while a second factor is being set up, its picture and its text."""

    account: str
    name: str
    roles: tuple[str, ...]
    has_second_factor: bool
    must_change: bool
    shortest: int
    qr: str
    seed: str
    signed_in: tuple[EntryShown, ...]


@page("/me", EVERYBODY, over_folder=False)
def me(desk: Desk, second_factor: str = "") -> MyPage:
    """Your account: the password, the second factor, the role you act in, the language."""
    person = desk.person
    assert person is not None
    seed = _seed(desk) if second_factor == "set-up" else ""
    kept = desk.entries(kinds=["SecretSet", "AccountLocked"])
    about = [one for one in kept if getattr(one.event, "account", "") == person.account]
    return MyPage(
        person.account,
        person.printed_name,
        tuple(f"{role}, {'every site' if site == '*' else site}" for role, site in sorted(person.roles)),
        person.has_second_factor,
        person.must_change,
        SHORTEST_WITH_SECOND_FACTOR if seed or person.has_second_factor else SHORTEST_ALONE,
        _picture(person.account, seed) if seed else "",
        seed,
        tuple(entry_shown(desk, one) for one in reversed(about[-5:])),
    )


def _seed(desk: Desk) -> str:
    """The seed this session is setting up; the same while the page is open, and never recorded in the clear."""
    kept = desk.bench.once.setdefault((desk.token, SETTING_UP), (new_seed(), ""))
    return kept[0]


def _picture(account: str, seed: str) -> str:
    address = pyotp.TOTP(seed).provisioning_uri(name=account, issuer_name="Escalon")
    return segno.make(address, error="m").svg_data_uri(scale=5, border=3)


@act("SecretSet")
def change(desk: Desk, said: Told) -> str:
    """Change one's own password; with a code of the new second factor, that is set up too."""
    bench, new = desk.bench, said.text("new")
    if said.text("again") != new:
        raise refuse("form", "again: the two new passwords differ")
    seed = None
    kept = bench.once.get((desk.token, SETTING_UP))
    if kept is not None and said.text("new_code", ""):
        seed = kept[0]
        if not pyotp.TOTP(seed).verify(said.text("new_code"), for_time=bench.now(), valid_window=1):
            raise refuse("form", "new_code: this is not the code the new second factor shows now")
    elif desk.person is not None and desk.person.has_second_factor:
        raise refuse("form", "new_code: set the second factor up again with the new password")
    own = Author(desk.author.person, "self", "", "web")
    old = said.needs_password()
    with_password(desk, lambda: change_own_password(desk.conduct, bench.sealed, own, old, new, seed))
    bench.once.pop((desk.token, SETTING_UP), None)
    return "the password is changed"
