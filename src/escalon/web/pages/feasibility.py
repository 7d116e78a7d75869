"""Feasibility: the clauses as a funnel over everybody on record, what each costs, and what another rule would change."""

from __future__ import annotations

from dataclasses import dataclass

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
class ClauseCost:
    """A clause: how many are left after it, whom it keeps out, of whom it is unknown, whom it alone keeps out."""

    id: str
    title: str
    left: int | None
    not_met: int | None
    unknown: int | None
    alone: int | None


@dataclass(frozen=True)
class Counted:
    """How many people there are, and how many are eligible, undecided and not eligible."""

    name: str
    people: int | None
    eligible: int | None
    undecided: int | None
    excluded: int | None


@dataclass(frozen=True)
class FeasibilityPage:
    """Everybody on record that the reader may read, clause by clause; and, of a rule typed, what would change."""

    day: str
    all: Counted
    clauses: tuple[ClauseCost, ...]
    by_disease: tuple[Counted, ...]
    svg: str
    relax: str
    instead: Counted | None
    wrong: str
    """Why the rule typed cannot be asked; empty where it can."""


@page("/feasibility")
def feasibility(desk: Desk, relax: str = "") -> FeasibilityPage:
    """How many could enter, what each clause costs, and what a relaxed one would change; nothing is changed by asking."""
    needs_trial(desk)
    if not desk.study.criteria:
        everybody = len(desk.courses())
        nobody = Counted("everybody", everybody, everybody, 0, 0)
        return FeasibilityPage(str(desk.today), nobody, (), (), "", "", None, "the study has no clause to count by")
    found = _counted(desk, desk.study, "")
    instead, wrong = _instead(desk, relax.strip())
    shown = found.shown
    clauses = tuple(
        ClauseCost(
            one.id,
            one.title or str(one.says),
            *(shown[f"{kind}_{k}"] for kind in ("left", "not_met", "unknown", "alone")),
        )
        for k, one in enumerate(found.criteria)
    )
    by_disease = tuple(_totals(found, group, f" {group}") for group in found.groups)
    return FeasibilityPage(
        str(found.day),
        _totals(found, "everybody"),
        clauses,
        by_disease,
        funnel_svg(found),
        relax.strip(),
        instead,
        wrong,
    )


def _instead(desk: Desk, rule: str) -> tuple[Counted | None, str]:
    if not rule:
        return None, ""
    try:
        return _totals(_counted(desk, relaxed(desk.study, rule), rule), rule), ""
    except (ValueError, CriterionError) as wrong:
        return None, str(wrong)


def _totals(found: Attrition, name: str, of: str = "") -> Counted:
    return Counted(name, *(found.shown[f"{kind}{of}"] for kind in ("people", "eligible", "undecided", "excluded")))


def _counted(desk: Desk, study: Study, rule: str) -> Attrition:
    """The counts of those whose record is open to this reader, who sees each of them: none is withheld."""
    codes = tuple(one.code for one in desk.known())
    day = Day.of(desk.today)

    def find() -> Attrition:
        return of_screenings(study, [_screened(desk, study, code, day) for code in codes], day, smallest=1)

    return find() if rule else desk.kept(("feasibility", codes), find)  # what is typed is not kept: it has no end


def _screened(desk: Desk, study: Study, code: str, day: Day) -> Screening:
    return desk.screening(code) if study is desk.study else screen_one(study, desk.trial, code, day)
