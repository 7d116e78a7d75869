"""Signing in and out: a cookie that names a session kept by the casebook, which can be ended there at any moment."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from starlette.requests import Request
from starlette.responses import Response

from escalon.conduct.permit.refusal import Refused, refuse
from escalon.conduct.record import sessions
from escalon.conduct.record.signing import Password
from escalon.history import Trial
from escalon.history.events import Role
from escalon.history.people import Person
from escalon.web.desk import Desk
from escalon.web.workbench import Workbench

T = TypeVar("T")
SESSION, ACTING, LANGUAGE = "escalon", "escalon-acting", "escalon-language"
LANGUAGES = ("en", "zh-Hans")

_AT_ONCE = threading.BoundedSemaphore(4)
"""How many passwords are checked at once: argon2id takes 64 MiB each (RFC 9106, section 4, second choice)."""


def cookie_name(https: bool) -> str:
    """The session cookie's name; over https one that no other path or host can set."""
    return f"__Host-{SESSION}" if https else SESSION


def set_cookie(response: Response, name: str, value: str, https: bool) -> None:
    """A cookie that scripts cannot read, that only our own pages send, and that ends with the browser."""
    response.set_cookie(name, value, path="/", secure=https, httponly=True, samesite="strict")


def language_of(request: Request) -> str:
    """The language chosen, else the first one the browser asks for that there is."""
    if (chosen := request.cookies.get(LANGUAGE, "")) in LANGUAGES:
        return chosen
    first = request.headers.get("accept-language", "").split(",")[0].strip().lower()
    return "zh-Hans" if first.startswith("zh") else "en"


def stranger(request: Request, bench: Workbench, trial: Trial) -> Desk:
    """The desk of somebody who has not signed in, or of a data folder's reader."""
    asked: dict[str, str] = {}
    for name, text in request.query_params.multi_items():
        asked[name] = f"{asked[name]},{text}" if asked.get(name) else text
    return Desk(bench, trial, bench.today(trial), language=language_of(request), asked=asked)


def reader(request: Request, bench: Workbench, trial: Trial, https: bool) -> Desk:
    """The desk of whoever's session the cookie names. Raises Refused (session) where there is none that goes on."""
    desk = stranger(request, bench, trial)
    if not bench.is_casebook:
        return desk
    token = request.cookies.get(cookie_name(https), "")
    if not token:
        raise refuse("session", "sign in first")
    person = sessions.who(bench.opened, token)
    role, site = acting(person, request.cookies.get(ACTING, ""))
    return replace(desk, person=person, role=role, site=site, token=token)


def acting(person: Person, chosen: str) -> tuple[Role | None, str]:
    """The role a person acts in, and its site: the one chosen, else the first they hold."""
    held = sorted(person.roles)
    return next((one for one in held if f"{one[0]}@{one[1]}" == chosen), held[0] if held else (None, ""))


def enter(bench: Workbench, address: str, account: str, password: Password) -> str:
    """Sign in; the session's token."""
    return _guarded(bench, address, account, lambda: sessions.sign_in(bench.opened, bench.sealed, account, password))


def unlock(bench: Workbench, address: str, token: str, password: Password) -> None:
    """Let the cookie's session go on after a pause."""
    account = sessions.account_of(bench.opened, token)
    _guarded(bench, address, account, lambda: sessions.unlock(bench.opened, bench.sealed, token, password))


def _guarded(bench: Workbench, address: str, account: str, check: Callable[[], T]) -> T:
    """Check a password. Who guesses waits where they are, so that nobody else is locked out."""
    now = bench.now()
    if bench.throttle.waits(account, address, now):
        raise refuse("wait", "too many wrong passwords from this computer; wait a quarter of an hour")
    try:
        with _AT_ONCE:
            found = check()
    except Refused:
        bench.throttle.note(account, address, now, right=False)
        raise
    bench.throttle.note(account, address, now, right=True)
    return found
