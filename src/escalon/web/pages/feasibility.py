"""Feasibility: the clauses as a funnel over everybody on record, what each costs, and what another rule would change."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from escalon.conduct.judge.screening import Screening, screen_one
from escalon.criteria import CriterionError
from escalon.facts import Day
from escalon.feasibility.attrition import Attrition, of_screenings
from escalon.feasibility.figure import funnel_svg
from escalon.feasibility.what_if import relaxed
from escalon.protocol import Study
from escalon.web.desk import Desk
from escalon.web.pages.folder import needs_trial
from escalon.web.registry import page


@dataclass(frozen=True)
class FeasibilityPage:
    """Everybody on record that the reader may read, clause by clause; and, of a rule typed, what would change."""

    counts: dict[str, Any]
    """As `escalon feasibility --json` prints them."""
    svg: str
    relax: str
    instead: dict[str, Any] | None
    wrong: str
    """Why the rule typed cannot be asked; empty where it can."""
    example: str
    """A clause of the study as it may be typed."""


@page("/feasibility")
def feasibility(desk: Desk, relax: str = "") -> FeasibilityPage:
    """How many could enter, what each clause costs, and what a relaxed one would change; nothing is changed by asking."""
    needs_trial(desk)
    if not desk.study.criteria:
        count = len(desk.courses())
        nobody = {"day": str(desk.today), "people": count, "eligible": count, "undecided": 0, "excluded": 0}
        return FeasibilityPage(
            {**nobody, "by_disease": {}, "clauses": []}, "", "", None, "the study has no clause to count by", ""
        )
    found = _counted(desk, desk.study, "")
    rule, instead, wrong = relax.strip(), None, ""
    if rule:
        try:
            instead = _counted(desk, relaxed(desk.study, rule), rule).as_json()
        except (ValueError, CriterionError) as error:
            wrong = str(error)
    written = [f"{one.id}: {one.rule}" for one in desk.study.criteria]
    example = next((one for one in written if "<" in one or ">" in one), written[0])
    return FeasibilityPage(found.as_json(), funnel_svg(found), rule, instead, wrong, example)


def _counted(desk: Desk, study: Study, rule: str) -> Attrition:
    """The counts of those whose record is open to this reader, who sees each of them: none is withheld."""
    codes = tuple(one.code for one in desk.known())
    day = Day.of(desk.today)

    def find() -> Attrition:
        return of_screenings(study, [_screened(desk, study, code, day) for code in codes], day, smallest=1)

    return find() if rule else desk.kept(("feasibility", codes), find)  # what is typed is not kept: it has no end


def _screened(desk: Desk, study: Study, code: str, day: Day) -> Screening:
    return desk.screening(code) if study is desk.study else screen_one(study, desk.trial, code, day)
