"""The CONSORT-DEFINE checklist, filled with where this report answers an item; in our words, with what is not known to us.

Source: Yap 2023, doi:10.1136/bmj-2023-076387, whose Table 1 is known to us up to item 3a.2, and Table 2 (abstracts).
From 3b on stand the items of CONSORT 2010 (Schulz 2010, doi:10.1136/bmj.c332) that it extends.
"""

import re
from collections.abc import Callable

from escalon.protocol.design import dose_rule
from escalon.reporting.build import heads, row, strong
from escalon.reporting.document import Cell, RowKind, Table, TableRow, Tone
from escalon.reporting.printed import listed
from escalon.reporting.view import View

Answer = str | Callable[[View], str]
"""Where an item is answered; empty where no folder holds it."""


def _design(view: View) -> str:
    escalates = f"{dose_rule(view.study).name} over {len(view.study.dose.levels)} dose levels"
    return _joined(view.study.design, escalates)


_SAYS_SO = re.compile(
    r"dose[- ]?(?:finding|escalation|de-escalation|expansion|titration)|phase (?:1|i)\b|first[- ]in[- ]human|early phase",
    re.I,
)


def _title(view: View) -> str:
    """The title where it says what the trial is; else nothing, and its authors must."""
    return f"title: {view.study.title}" if _SAYS_SO.search(view.study.title) else ""


def _joined(*parts: str) -> str:
    return "; ".join(filter(None, parts))


def _people(view: View) -> str:
    return f"{len(view.study.criteria)} clauses (Table 2-2)"


def _places(view: View) -> str:
    return listed((f"{one.name}, {one.city}" for one in view.study.location), "")


def _primary(view: View) -> str:
    return listed((f"{one.id} {one.title}" for one in view.study.endpoints if one.role == "primary"), "")


def _when(view: View) -> str:
    days = sorted(given.day.earliest for given in view.doses)
    return (
        f"infused {days[0]} to {days[-1]}; data cut-off {view.cutoff}" if days else f"nobody infused by {view.cutoff}"
    )


_BY_RULE = "not randomised: the dose rule gives the level (section 4)"
_DEFINE: tuple[tuple[str, str, Answer], ...] = (
    ("1a", "the title says that it is an early-phase dose-finding trial", _title),
    ("1b", "structured summary of design, methods, results and conclusions", "section 1; conclusions are for people"),
    ("2a.1", "the question, and why it is asked, with earlier clinical studies", ""),
    ("2a.2", "findings of non-clinical research", ""),
    ("2a.3", "findings that support a planned study of biomarkers", ""),
    ("2b", "specific objectives: safety, activity, kinetics, dose", lambda view: view.study.purpose),
    ("3a.1", "elements of the design: how doses are climbed, groups, planned adaptations", _design),
    ("3a.2", "a schema of the transitions of the trial", "Table 4-3 and figure 4-1, as far as the trial has come"),
)
_CONSORT: tuple[tuple[str, str, Answer], ...] = (
    (
        "3b",
        "changes to the methods after the start, with reasons",
        lambda view: f"study version {view.study.version}; Table 4-5",
    ),
    ("4a", "who may enter", _people),
    ("4b", "where data are collected", _places),
    ("5", "what is given, how and when, so that others can repeat it", "Tables 3-1 to 3-3; section 10, Dose"),
    ("6a", "outcomes, defined before the start, how and when they are assessed", "Table 10-1"),
    ("6b", "changes to outcomes after the start", ""),
    (
        "7a",
        "how the number of people was determined",
        lambda view: f"at most {view.study.most}, by the dose rule; Table 4-3",
    ),
    ("7b", "interim decisions and rules for stopping", "Tables 4-1 to 4-5"),
    ("8a to 10", "how people are allocated, and who does it", _BY_RULE),
    ("11a, 11b", "who is blinded", lambda view: view.study.design),
    ("12a", "statistical methods", "section 10, Statistics"),
    ("12b", "methods of further analyses", "the notes of each table; Table 10-1, role «beside»"),
    ("13a", "how many were allocated, treated and analysed at each level", "Table 2-1, figure 2-1"),
    ("13b", "who was lost or left out at each level, and why", "Table 2-1; Table 6-P; listing 4"),
    ("14a", "dates of recruitment and follow-up", _when),
    (
        "14b",
        "why the trial ended or was stopped",
        lambda view: f"status: {view.study.status}" if view.study.status else "",
    ),
    ("15", "who they were at baseline", "Tables 2-3 and 2-4"),
    ("16", "how many are in each analysis, and by which groups", "Table 6-P; n of every table of section 6"),
    ("17a", "results of each outcome at each level, with precision", "Tables 5-1 to 5-4; section 6"),
    ("17b", "for a yes or no, absolute numbers", "responders of section 6, with exact limits"),
    (
        "18",
        "results of further analyses",
        "the tables shown beside an outcome (role «beside» in Table 10-1); section 7",
    ),
    ("19", "harms", "section 5; listings 1 to 4"),
    ("20, 21, 22", "limitations, generalisability, interpretation", ""),
    ("23", "registry and number", lambda view: view.study.registry),
    (
        "24",
        "where the protocol can be read",
        lambda view: f"study folder {view.study.id}, version {view.study.version}",
    ),
    ("25", "funding", lambda view: f"sponsor: {view.study.sponsor}" if view.study.sponsor else ""),
)
_ABSTRACT: tuple[tuple[str, str, Answer], ...] = (
    ("title", "that it is an early-phase dose-finding trial, and its acronym", _title),
    ("authors", "whom to write to", ""),
    ("trial design", "how doses are climbed, groups, planned adaptations", _design),
    (
        "participants",
        "who may enter, and where data are collected",
        lambda view: _joined(_people(view), _places(view)),
    ),
    ("interventions", "what is given at each dose level", "section 10, Dose; Table 3-1"),
    ("objective", "specific objectives: safety, kinetics, dose", lambda view: view.study.purpose),
    ("outcome", "the primary outcome, clearly defined", _primary),
    ("allocation", "how people come to a dose level", "by the dose rule: section 4"),
    ("blinding", "who was blinded", lambda view: view.study.design),
    ("numbers allocated", "people allocated to each level", "Table 2-1"),
    ("recruitment", "status of the trial", lambda view: view.study.status),
    ("numbers analysed", "people analysed at each level", "Table 4-1; n of every table of section 6"),
    ("outcome, results", "result of the primary outcome for each level, with its precision", "Tables 5-1 to 5-3"),
    ("harms", "important adverse events", "Tables 5-1 to 5-3; section 5.1"),
    ("conclusions", "what the results mean", ""),
    ("registration", "registry and number", lambda view: view.study.registry),
    ("funding", "source of funding", lambda view: f"sponsor: {view.study.sponsor}" if view.study.sponsor else ""),
)
_NOTE = (
    "CONSORT-DEFINE (Yap 2023, doi:10.1136/bmj-2023-076387) and CONSORT 2010 (Schulz 2010, doi:10.1136/bmj.c332), in our words. "
    "How CONSORT-DEFINE words its items after 3a.2, and which it adds, is not known to us: take them from the published list."
)


def consort(view: View) -> Table:
    """T10-5: each item known to us, and where it is answered; an item that no folder holds says so."""
    parts = (("CONSORT-DEFINE", _DEFINE), ("CONSORT 2010, extended by it", _CONSORT), ("For the abstract", _ABSTRACT))
    rows: list[TableRow] = []
    for title, items in parts:
        rows.append(row(title, strong(title), None, None, kind=RowKind.HEAD))
        own = "abstract: " if items is _ABSTRACT else ""
        rows += [row(f"{own}{id}", id, asks, _answered(view, where), kind=RowKind.UNDER) for id, asks, where in items]
    columns = heads("item|16", "asks=asks for|44", "where=answered by|60")
    return Table("T10-5", "CONSORT-DEFINE, as far as its items are known to us", columns, tuple(rows), "", (_NOTE,))


def _answered(view: View, where: Answer) -> Cell:
    said = where if isinstance(where, str) else where(view)
    return Cell(said) if said else Cell("not in the study folder: to be written by the authors", tone=Tone.OPEN)
