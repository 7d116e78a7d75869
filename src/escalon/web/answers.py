"""What comes of an act: Recorded, Refused or Conflict, in one envelope (problem+json, RFC 9457) and the command line's words."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from escalon.casebook.errors import CasebookError
from escalon.conduct.permit.refusal import Broken, Refused

STATUS = {"session": 401, "authority": 403, "role": 403, "account": 403, "origin": 403, "conflict": 409, "wait": 429}
"""The status of a refusal by its rule; 422 for all others."""


@dataclass(frozen=True)
class Reason:
    """One reason: the rule and its words, the field it is about, and how many signatures would set the rule aside."""

    code: str
    says: str
    field: str = ""
    rule: str = ""
    signatures: int = 0
    entries: tuple[int, ...] = ()


@dataclass(frozen=True)
class Recorded:
    """The act was recorded in these entries; `says` is their content in words."""

    entries: tuple[int, ...]
    says: tuple[str, ...]
    to: str = ""
    """The page that shows what was done, where the act itself says so."""


@dataclass(frozen=True)
class NotRecorded:
    """The act was refused, or lies in conflict with what somebody else recorded meanwhile; nothing was recorded."""

    status: int
    problems: tuple[Reason, ...]
    leads: str = ""
    """Where an override of all of them is asked for; empty where none can be."""
    near: Mapping[str, str] = field(default_factory=dict)
    """Of a page that there is not: what may have been meant, by name, with its address."""

    @property
    def is_conflict(self) -> bool:
        """Whether somebody else recorded the same meanwhile."""
        return self.status == 409

    def as_json(self) -> dict[str, Any]:
        """The envelope: the first reason's fields, and all of them under `problems`."""
        first = asdict(self.problems[0])
        title = "Conflict" if self.is_conflict else "Refused"
        problems = [asdict(one) for one in self.problems]
        return {
            "type": "about:blank",
            "title": title,
            "status": self.status,
            **first,
            "problems": problems,
            "near": dict(self.near),
        }


class MeanwhileRecorded(Refused):
    """Somebody else recorded the same since the form was opened."""

    def __init__(self, says: str, entries: tuple[int, ...], field: str = "") -> None:
        super().__init__(Broken("conflict", f"{field}: {says}" if field else says))
        self.entries = entries


class CanBeSetAside(Refused):
    """Signatures can set every rule aside that the act would break; `leads` is where they are asked for."""

    def __init__(self, broken: tuple[Broken, ...], leads: str) -> None:
        super().__init__(*broken)
        self.leads = leads


def not_recorded(error: Refused | CasebookError) -> NotRecorded:
    """The envelope of a refusal."""
    if isinstance(error, CasebookError):
        return NotRecorded(422, (Reason("casebook", str(error)),))
    entries = error.entries if isinstance(error, MeanwhileRecorded) else ()
    leads = error.leads if isinstance(error, CanBeSetAside) else ""
    found = tuple(_problem(one, entries) for one in error.broken)
    return NotRecorded(STATUS.get(found[0].rule, 422), found, leads)


def _problem(one: Broken, entries: tuple[int, ...]) -> Reason:
    says = OF_COMMANDS.sub("", one.says)
    field, colon, rest = says.partition(": ")
    named = field if colon and " " not in field else ""
    if named:
        says = f"{named}: {rest.removeprefix(named + ' ')}"  # named once, where what is wrong begins with it too
    return Reason(one.rule, says, named, one.rule, one.signatures, entries)


OF_COMMANDS = re.compile(r" `escalon data dictionary` lists the names| \(fact\.confirmed=[^)]*\)")
"""What the command line offers beside a refusal; a page has lists to choose from, and fields to fill in."""
