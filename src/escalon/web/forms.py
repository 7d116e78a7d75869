"""The number every form carries: only a page of this session can have it, and it is used once."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from hmac import compare_digest
from typing import Any

from escalon.casebook.canonical import digest
from escalon.conduct.permit.refusal import refuse
from escalon.conduct.record.recording import Conduct

REMEMBERED = 20_000
"""How many used numbers are kept; the oldest go first."""


def form_number(conduct: Conduct, token: str) -> str:
    """A new number for a form of a session, made with the casebook's key; it stays good when the server starts again."""
    nonce = secrets.token_urlsafe(12)
    return f"{nonce}.{_mark(conduct, token, nonce)}"


def check_number(conduct: Conduct, token: str, number: str) -> None:
    """Refuse a form whose number was not made for this session."""
    nonce, _, mark = number.partition(".")
    if not nonce or not compare_digest(mark.encode(), _mark(conduct, token, nonce).encode()):
        raise refuse("origin", "this form was not opened in your session; it is shown again, with what you typed")


def _mark(conduct: Conduct, token: str, nonce: str) -> str:
    signer = conduct.casebook.signer
    return "" if signer is None else signer.mark(f"form\n{digest(token)}\n{nonce}")[:32]


@dataclass
class Once:
    """What came of each form number: who sends a form twice gets the first answer again, and nothing is recorded twice."""

    _came: dict[str, Future[Any]] = field(default_factory=dict)
    _one: threading.Lock = field(default_factory=threading.Lock)

    def do(self, number: str, act: Callable[[], Any]) -> Any:
        """Do it, or wait for what came of it. An act that was refused may be tried again with the same number."""
        if not number:
            return act()
        with self._one:
            known = self._came.get(number)
            if known is None:
                mine = self._came[number] = Future()
                while len(self._came) > REMEMBERED:
                    self._came.pop(next(iter(self._came)))
        if known is not None:
            return known.result(timeout=60)
        try:
            mine.set_result(act())
        except BaseException as error:
            self._came.pop(number, None)
            mine.set_exception(error)
        return mine.result()
