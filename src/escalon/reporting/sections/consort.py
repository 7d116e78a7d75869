"""The CONSORT-DEFINE checklist, filled with where this report answers an item; in our words, with what is not known to us.

Source: Yap 2023, doi:10.1136/bmj-2023-076387. Of its Table 1 the items up to 3a.2 are known to us, and Table 2 for abstracts.
"""

from collections.abc import Callable

from escalon.reporting.build import heads, row, strong
from escalon.reporting.document import Cell, Table, Tone
from escalon.reporting.printed import listed
from escalon.reporting.view import View

_ITEMS: tuple[tuple[str, str, Callable[[View], str]], ...] = (
    (
        "1a",
        "the title says that it is an early-phase dose-finding trial",
        lambda view: f"title of the study: {view.study.title}",
    ),
    (
        "1b",
        "structured summary of design, methods, results and conclusions",
        lambda view: "section 1; conclusions are for people",
    ),
    ("2a.1", "the question, and why it is asked, with earlier clinical studies", lambda view: ""),
    ("2a.2", "findings of non-clinical research", lambda view: ""),
    ("2a.3", "findings that support a planned study of biomarkers", lambda view: ""),
    ("2b", "specific objectives: safety, activity, kinetics, dose", lambda view: view.study.purpose),
    ("3a.1", "elements of the design: how doses are climbed, groups, planned adaptations", lambda view: _design(view)),
    (
        "3a.2",
        "a schema of the transitions of the trial",
        lambda view: "Table 4-3 and figure 4-1, as far as the trial has come",
    ),
    ("abstract: participants", "who may enter, and where data are collected", lambda view: _participants(view)),
    ("abstract: interventions", "what is given at each dose level", lambda view: "section 10, Dose; Table 3-1"),
    ("abstract: outcome", "the primary outcome, clearly defined", lambda view: _primary(view)),
    ("abstract: allocation", "how people come to a dose level", lambda view: "by the dose rule: section 4"),
    ("abstract: blinding", "who was blinded", lambda view: view.study.design),
    ("abstract: numbers allocated", "people allocated to each level", lambda view: "Table 2-1"),
    ("abstract: recruitment", "status of the trial", lambda view: view.study.status),
    (
        "abstract: numbers analysed",
        "people analysed at each level",
        lambda view: "Table 4-1; n of every table of section 6",
    ),
    (
        "abstract: outcome, results",
        "result of the primary outcome for each level, with its precision",
        lambda view: "Tables 5-1 to 5-3",
    ),
    ("abstract: registration", "registry and number", lambda view: view.study.registry),
)


def consort(view: View) -> Table:
    """T10-5: each item known to us, and where it is answered; an item that no folder holds says so."""
    rows = []
    for id, item, where in _ITEMS:
        said = where(view)
        rows.append(
            row(
                id,
                strong(id),
                item,
                said or Cell("not in the study folder: to be written by the authors", tone=Tone.OPEN),
            )
        )
    note = (
        "CONSORT-DEFINE (Yap 2023, doi:10.1136/bmj-2023-076387), in our words. Its Table 1 is known to us up to "
        "item 3a.2; the later "
        "items, and their wording, are to be taken from the published checklist."
    )
    columns = heads("item", "asks=asks for|50", "where=answered by|60")
    return Table("T10-5", "CONSORT-DEFINE, as far as its items are known to us", columns, tuple(rows), "", (note,))


def _design(view: View) -> str:
    plan = view.study.dose
    return f"{view.study.design}; {plan.rule.replace('_', ' ')} over {len(plan.levels)} levels"


def _participants(view: View) -> str:
    places = listed(f"{one.name}, {one.city}" for one in view.study.location)
    return f"{len(view.study.criteria)} clauses (Table 2-2); {places}"


def _primary(view: View) -> str:
    return listed(f"{one.id} {one.title}" for one in view.study.endpoints if one.role == "primary")
