"""How the answers of a visit's form become the record: as one act, section by section, beside what somebody else recorded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from escalon.conduct.judge.visits import VisitForm, recorded_at
from escalon.conduct.permit.refusal import Broken, Refused, refuse
from escalon.conduct.record import drafts
from escalon.conduct.record.visit_forms import ASK, MINE, THEIRS, Chosen, Clashing, record_answers
from escalon.conduct.record.visit_forms import told as told_of
from escalon.history import Entry
from escalon.history.events import Observation
from escalon.instruments.kit.answers import Filled, answers_of
from escalon.sources.observed import RowError
from escalon.web.desk import Desk
from escalon.web.pages.calculator import STANDS
from escalon.web.pages.visits import form_named, place_of
from escalon.web.registry import act
from escalon.web.said import Told, whole


@act("VisitAnswers")
def record(desk: Desk, said: Told) -> Sequence[Entry]:
    """Record what is answered on a form, or on one section of it, as one act."""
    code, visit, name = said.text("participant"), said.text("visit"), said.text("form")
    with desk.bench.standing():
        desk.course(code)
    of = form_named(desk, visit, name)
    fields: Mapping[str, Any] = said.fields if said.content is None else said.content
    answers = answers_of(
        of.form, {key: str(text) for key, text in fields.items()}, str(fields.get("attest", "")).split(",")
    )
    section = next((one for one in of.form.sections if one.id == fields.get("section")), None)
    if section is not None:
        names = {one.name for one in section.asked}
        answers = {key: one for key, one in answers.items() if key in names}
    if not answers:
        raise refuse("form", f"{next(iter(of.names))}: nothing is answered yet")
    draft = drafts.kept(desk.conduct, desk.author.person, place_of(code, visit, name))
    typed = {} if draft is None else draft.typed
    seen = {key: _observation(desk, of, key, one, said, typed.get(key, "")) for key, one in answers.items()}
    _check(desk, of, seen)
    chosen = {of.names[key]: one for key in answers if (one := _chosen(key, fields)) is not None}
    planned = next(one for one in desk.study.visits if one.id == visit)
    try:
        made = record_answers(
            desk.conduct,
            desk.author,
            code,
            list(seen.values()),
            chosen,
            lambda one: recorded_at(desk.study, one, planned),
        )
    except Clashing as error:
        raise _at_questions(desk, of, error) from None
    drafts.drop(desk.conduct, desk.author.person, place_of(code, visit, name), set(answers))
    return made


def _at_questions(desk: Desk, of: VisitForm, error: Clashing) -> Refused:
    """A conflict in the form's own words, each part at its question."""
    key_of = {fact: key for key, fact in of.names.items()}
    broken = []
    for one in error.clashes:
        key, entry = key_of[one.typed.name], one.recorded.entry
        who = desk.names.get(entry.author.person, entry.author.person)
        both = (
            f"you typed {told_of(one.typed)}; {who} recorded {told_of(one.recorded.event.fact)} (entry {entry.number})"
        )
        broken.append(Broken("conflict", f"{key}-clash: {both}"))
    return Refused(*broken)


def _observation(desk: Desk, of: VisitForm, key: str, answer: Filled, said: Told, typed: str) -> Observation:
    item = of.form.questions[key].item
    unit = answer.unit or (item.unit if len(item.units) == 1 else None)
    source = "paper worksheet" if said.text("paper", "") else ""
    return Observation(
        name=of.names[key], value=answer.nothing or answer.text, unit=None if answer.nothing else unit,
        day=said.text("day"), visit=said.text("visit"), source=source, why=answer.why, attested=answer.attested, typed=typed,
        confirmed=bool(answer.confirmed), confirmed_by=desk.author.person if answer.confirmed else "",
        confirmed_why=answer.confirmed,
    )  # fmt: skip


def _check(desk: Desk, of: VisitForm, seen: Mapping[str, Observation]) -> None:
    """Refuse every answer that cannot be read, or must be confirmed, at once, each at its question."""
    broken = []
    for key, one in seen.items():
        question = of.form.questions[key]
        if len(question.units) > 1 and not one.unit and one.state in ("known", "below a limit", "above a limit"):
            broken.append(Broken("dictionary", f"{key}: {question.label}: choose the unit"))
            continue
        try:
            found = desk.conduct.dictionary.check(one)
        except RowError as error:
            broken.append(Broken("dictionary", f"{key}: {question.label}: {error}"))
            continue
        if found.question and not one.confirmed:
            asked = found.question.replace(f" (confirm={one.name})", STANDS)
            broken.append(Broken("confirm", f"{key}: {asked}"))
    if broken:
        raise Refused(*broken)


def _chosen(key: str, fields: Mapping[str, Any]) -> Chosen | None:
    what, _, entry = str(fields.get(f"{key}.choice", "")).partition(":")
    number = whole(entry)
    if what not in (THEIRS, MINE, ASK) or number is None:
        return None
    return Chosen(what, number, str(fields.get(f"{key}.because", "")).strip())
