"""How a number came about: the finding, what is beneath it, down to the entries it rests on."""

from __future__ import annotations

import re
from dataclasses import dataclass

from escalon.conduct.judge.explaining import Line, NothingToExplain, explain
from escalon.facts import Day
from escalon.protocol import Study
from escalon.protocol.prose import short_name
from escalon.web.banner import Banner, banner
from escalon.web.desk import Desk, NoSuchPage
from escalon.web.registry import page
from escalon.web.telling import labelled
from escalon.web.words import day

_PLACE = re.compile(r"casebook:(\d+)")


@dataclass(frozen=True)
class LineShown:
    """One line of an explanation, the entries it names, and what is beneath it."""

    text: str
    entries: tuple[int, ...]
    beneath: tuple[LineShown, ...]


@dataclass(frozen=True)
class GroundsPage:
    """A finding with its grounds."""

    banner: Banner
    title: str
    line: LineShown


@page("/participants/{code}/findings/{finding}")
def grounds(desk: Desk, code: str, finding: str, visit: str = "") -> GroundsPage:
    """How this came about: the rule, what was known, and the entries beneath it."""
    course = desk.course(code)
    if finding == "next_dose":
        raise NoSuchPage("the next dose is everybody's: see the cohorts")
    try:
        line = explain(desk.study, desk.trial, code, finding, Day.of(desk.today), visit)
    except NothingToExplain as nothing:
        raise NoSuchPage(str(nothing)) from None
    known = desk.study.vocabulary.get(finding)
    if known is not None and not known.computed:  # the newest first: it is the one that was clicked on
        line = Line(line.text, line.beneath[::-1])
    return GroundsPage(banner(desk, course), _title(desk, finding), _shown(desk.study, line))


def _title(desk: Desk, finding: str) -> str:
    clause = next((one for one in desk.study.clauses if one.id == finding), None)
    if clause:
        return f"Clause {finding}"
    return {"dlt": "Dose-limiting toxicity", "eligibility": "Eligibility"}.get(finding, short_name(finding, desk.study))


def _shown(study: Study, line: Line) -> LineShown:
    entries = tuple(dict.fromkeys(int(number) for number in _PLACE.findall(line.text)))
    text = _PLACE.sub(lambda found: f"entry {found[1]}", line.text)
    return LineShown(labelled(study, day(text)), entries, tuple(_shown(study, part) for part in line.beneath))
