"""The participant's banner, which never scrolls away, and the pages beneath it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from escalon.conduct.judge.dose_review import deaths_of
from escalon.conduct.judge.given import Given, amount_text, dose_of
from escalon.facts import plain
from escalon.history import Course
from escalon.protocol import Study
from escalon.web.desk import Desk
from escalon.web.registry import PAGES
from escalon.web.words import amount, unit_shown

TABS = (
    ("", "Overview"),
    ("/screening", "Screening"),
    ("/treatment", "Treatment"),
    ("/infusion", "Infusion"),
    ("/visits", "Visits"),
    ("/safety", "Safety"),
    ("/samples", "Samples"),
    ("/identity", "Identity"),
)


@dataclass(frozen=True)
class Banner:
    """Who this is by code, what they have, where they stand, and what is dangerous now."""

    code: str
    site: str
    disease: str
    sex: str
    age: str
    consented: str
    infused: str
    study_day: int | None
    level: int | None
    amount: str
    danger: tuple[str, ...]
    tabs: tuple[tuple[str, str], ...]


def banner(desk: Desk, course: Course) -> Banner:
    """The banner of a participant."""
    given = dose_of(desk.study, desk.trial, course.code)
    first = course.infused
    level = given.level if given else course.allocation.level if course.allocation else None
    return Banner(
        code=course.code,
        site=course.site,
        disease=disease(desk.study, course),
        sex=stated(course, "sex"),
        age=stated(course, "age"),
        consented=str(min((one.event.signed_on for one in course.consents), default="")),
        infused=str(first) if first else "",
        study_day=(desk.today - first.earliest).days if first else None,
        level=level,
        amount=_amount(desk.study, given) if given else "",
        danger=tuple(_danger(course, desk.today)),
        tabs=tuple(_tabs(desk, course)),
    )


def _amount(study: Study, given: Given) -> str:
    """What was given, with its thousands apart, in the unit of the levels."""
    if given.amount is None:
        return amount_text(study.dose, given)
    return f"{amount(given.amount)} {unit_shown(str(study.dose.levels[0].amount.unit))}"


def disease(study: Study, course: Course) -> str:
    """The disease by the name people use."""
    id = stated(course, "disease")
    return next((one.name for one in study.diseases if one.id == id), id)


def stated(course: Course, name: str) -> str:
    """The latest value of a fact as it is read; empty where none is known."""
    known = [fact for fact in course.facts.named(name) if fact.value is not None]
    return f"{plain(known[-1].value)} {known[-1].unit or ''}".strip() if known else ""


def _danger(course: Course, today: date) -> list[str]:
    """Severe events that go on, and dose-limiting ones, by name and grade."""
    found = []
    for one in course.adverse_events:
        event = one.event
        goes_on = event.ongoing or (event.end is not None and event.end.latest >= today)
        if event.dlt:
            found.append(f"DLT: {event.term}, grade {event.grade or '?'}")
        elif goes_on and (event.grade or 0) >= 3:
            found.append(f"{event.term}, grade {event.grade}")
    if any(one.event.is_dlt for one in course.dlt_judgements) and not any(word.startswith("DLT") for word in found):
        found.insert(0, "DLT")
    if deaths_of(course):
        found.append("died")
    if course.is_withdrawn:
        found.append("left the study")
    return list(dict.fromkeys(found))


def _tabs(desk: Desk, course: Course) -> list[tuple[str, str]]:
    pages = {path: one for path, one in PAGES.items() if path.startswith("/participants/{code}")}
    found = []
    for end, word in TABS:
        one = pages.get("/participants/{code}" + end)
        if one and (one.over_folder if desk.person is None else desk.role in one.sees):
            spoken = "Dose" if word == "Infusion" and not desk.study.gives_cells else word
            found.append((f"/participants/{course.code}{end}", spoken))
    return [*found, (f"/audit?participant={course.code}", "History")]
