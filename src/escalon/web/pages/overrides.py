"""Overrides: who asks to set which rules aside, once and for what exactly, and who has signed."""

from __future__ import annotations

from dataclasses import dataclass, fields

from escalon.conduct.permit.act import RULES
from escalon.conduct.permit.rules.of_the_record import CONTENT
from escalon.history import Override
from escalon.history.events import KINDS, spaced
from escalon.web.desk import Desk
from escalon.web.overriding import came_to_its_end, leads, needed_of, waits_for_its_act
from escalon.web.pages.record import may_read
from escalon.web.registry import page
from escalon.web.telling import EntryShown, content_shown, entry_shown

ASKED_OFTEN = tuple(sorted((kind.__name__ for kind in CONTENT), key=spaced))
"""The acts for which an override says what exactly is allowed."""


@dataclass(frozen=True)
class OverrideRow:
    """An override: what it allows, which rules it sets aside, who signed, and whether it was used."""

    entry: EntryShown
    act: str
    rules: tuple[str, ...]
    content: tuple[tuple[str, str], ...]
    signers: tuple[str, ...]
    needed: int
    used_by: int | None
    is_over: bool
    """Whether it waited for its act longer than the study lets it."""
    may_sign: bool
    leads: str
    """Where the act is recorded under it, once it is signed."""


@dataclass(frozen=True)
class AskedRule:
    """A rule that signatures can set aside: its name, what it says, how many it takes, and whether it is asked for."""

    name: str
    says: str
    signatures: int
    asked: bool


@dataclass(frozen=True)
class OverridesPage:
    """Every override, the newest first; and, of an act named in the address, what is asked."""

    overrides: tuple[OverrideRow, ...]
    may_ask: bool
    act: str
    acts: tuple[tuple[str, str], ...]
    participant: str
    rules: tuple[AskedRule, ...]
    content: tuple[tuple[str, str, str], ...]
    """What the act will say, which the signatures cover: the field, its name in words, and its value."""


@page("/overrides", over_folder=False)
def overrides(desk: Desk, act: str = "", participant: str = "", rules: str = "") -> OverridesPage:
    """Overrides, and asking for one: a rule is set aside once, for one act, by the people the rule names."""
    entries = {one.number: one for one in desk.entries(kinds=["OverrideGiven"]) if may_read(desk, one)}
    rows = (_row(desk, number, desk.trial.overrides[number]) for number in sorted(entries, reverse=True))
    named = {one.strip() for one in rules.split(",")} - {""}
    about = KINDS.get(act)
    offered = [one for one in RULES if one.signatures and about is not None and issubclass(about, one.before)]
    once = reversed({one.name: one for one in reversed(offered)}.values())
    asked = tuple(AskedRule(one.name, one.says.partition("\n")[0], one.signatures, one.name in named) for one in once)
    return OverridesPage(
        tuple(rows), desk.may("OverrideGiven"), act if about else "", tuple((one, spaced(one)) for one in ASKED_OFTEN),
        participant, asked, _content(desk, act),
    )  # fmt: skip


def _content(desk: Desk, act: str) -> tuple[tuple[str, str, str], ...]:
    """The fields the signatures cover, those the address names with what they will say."""
    kind = KINDS.get(act)
    wanted = CONTENT.get(kind, ()) if kind else ()
    said = {name.removeprefix("content."): text for name, text in desk.asked.items() if name.startswith("content.")}
    known = {one.name for one in fields(kind)} if kind else set()
    names = dict.fromkeys((*wanted, *(name for name in said if name in known)))
    return tuple((name, name.replace("_", " "), said.get(name, "")) for name in names)


def _row(desk: Desk, number: int, it: Override) -> OverrideRow:
    given, names, needed = it.given, desk.names, needed_of(it)
    course = desk.trial.courses.get(given.participant or "")
    may = desk.may("OverrideSigned", course.site or None if course else None)
    is_over = came_to_its_end(it, desk.study, desk.bench.now())
    is_open = it.used_by is None and not is_over
    return OverrideRow(
        entry_shown(desk, it.entry), spaced(given.act), given.rules,
        content_shown(it),
        tuple(names.get(one, one) for one in it.signers), needed, it.used_by, is_over,
        may and desk.account not in it.signers and is_open and desk.person is not None,
        leads(given.act, given.participant or "", number) if waits_for_its_act(it, desk.study, desk.bench.now()) else "",
    )  # fmt: skip
