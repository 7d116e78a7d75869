"""Drafts: what a person has typed and not yet recorded. Their own only, and no part of the record."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.engine import Row

from escalon.casebook.encoding import read_time, time_text
from escalon.casebook.tables import drafts
from escalon.conduct.permit.refusal import refuse
from escalon.conduct.record.recording import Conduct

LARGEST = 200_000
"""Characters of one draft: the largest form, with a reason at every question, has a tenth of that."""


@dataclass(frozen=True)
class Draft:
    """The fields of a form as they were last typed, and when each was first."""

    account: str
    place: str
    fields: Mapping[str, str]
    typed: Mapping[str, str]
    begun: datetime
    kept: datetime


def keep(conduct: Conduct, account: str, place: str, fields: Mapping[str, str]) -> Draft:
    """Keep what is typed; the moment a field was first typed stays with it."""
    now = time_text(conduct.casebook.clock.now())
    mine = (drafts.c.account == account) & (drafts.c.place == place)
    with conduct.casebook.changing() as connection:
        known = connection.execute(select(drafts).where(mine)).one_or_none()
        before: dict[str, str] = json.loads(known.body)["typed"] if known else {}
        typed = {name: before.get(name, now) for name in fields}
        body = json.dumps({"fields": dict(fields), "typed": typed}, ensure_ascii=False)
        if len(body) > LARGEST:
            raise refuse("draft", "this is too much for a draft; record what is finished")
        begun = known.begun if known else now
        connection.execute(delete(drafts).where(mine))
        row = {"account": account, "place": place, "body": body, "begun": begun, "kept": now}
        connection.execute(drafts.insert(), row)
    return Draft(account, place, fields, typed, read_time(begun), read_time(now))


def kept(conduct: Conduct, account: str, place: str) -> Draft | None:
    """The draft somebody has at a place."""
    mine = (drafts.c.account == account) & (drafts.c.place == place)
    with conduct.casebook.reading() as connection:
        known = connection.execute(select(drafts).where(mine)).one_or_none()
    return None if known is None else _draft(known)


def places(conduct: Conduct, account: str) -> set[str]:
    """Where somebody has drafts."""
    with conduct.casebook.reading() as connection:
        return set(connection.scalars(select(drafts.c.place).where(drafts.c.account == account)))


def drop(conduct: Conduct, account: str, place: str, names: Collection[str] | None = None) -> None:
    """Forget a draft, or the fields of it that were recorded (and what belongs to them, such as their unit)."""
    known = kept(conduct, account, place)
    if known is None:
        return
    left = {} if names is None else {name: text for name, text in known.fields.items() if _stem(name) not in names}
    with conduct.casebook.changing() as connection:
        mine = (drafts.c.account == account) & (drafts.c.place == place)
        if not any(text for name, text in left.items() if not name.startswith("day-")):
            connection.execute(delete(drafts).where(mine))
            return
        typed = {name: moment for name, moment in known.typed.items() if name in left}
        body = json.dumps({"fields": left, "typed": typed}, ensure_ascii=False)
        connection.execute(drafts.update().where(mine).values(body=body))


def _stem(name: str) -> str:
    for end in (".unit", ".nothing", ".why", ".confirmed", ".attested"):
        name = name.removesuffix(end)
    return name


def waiting_since(conduct: Conduct, before: datetime) -> list[Draft]:
    """Every draft begun before a moment, oldest first: an investigator may see that there is one, and not what it says."""
    query = select(drafts).where(drafts.c.begun < time_text(before)).order_by(drafts.c.begun)
    with conduct.casebook.reading() as connection:
        return [_draft(row, content=False) for row in connection.execute(query)]


def _draft(row: Row[tuple[str, str, str, str, str]], content: bool = True) -> Draft:
    body: dict[str, dict[str, str]] = json.loads(row.body) if content else {"fields": {}, "typed": {}}
    return Draft(row.account, row.place, body["fields"], body["typed"], read_time(row.begun), read_time(row.kept))
