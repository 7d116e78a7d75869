"""The full report of a trial: its sections in order. The same records, cut-off and version give the same document."""

from collections.abc import Callable
from datetime import date

from escalon.facts import Day
from escalon.protocol.study import Study
from escalon.reporting import html
from escalon.reporting.document import Document, Section
from escalon.reporting.grounds import made_once
from escalon.reporting.packet import packet
from escalon.reporting.sections.basis import assumptions, methods, summary
from escalon.reporting.sections.cells import cells
from escalon.reporting.sections.completeness import completeness
from escalon.reporting.sections.efficacy import efficacy
from escalon.reporting.sections.escalation import escalation
from escalon.reporting.sections.exposure import exposure
from escalon.reporting.sections.listings import listings
from escalon.reporting.sections.participants import participants
from escalon.reporting.sections.safety import safety
from escalon.reporting.view import View
from escalon.sources.intake import Intake

SECTIONS: tuple[Callable[[View], tuple[Section, ...]], ...] = (
    summary, participants, exposure, escalation, safety, efficacy, cells, completeness, assumptions, methods, listings,
)  # fmt: skip
"""What a full report is made of, in its order."""


@made_once()
def full_report(view: View) -> Document:
    """Every section and listing."""
    found: list[Section] = []
    for part in SECTIONS:
        view.told(f"section {len({one.number.partition('.')[0] for one in found if one.number}) + 1}: {part.__name__}")
        found += part(view)
    subtitle = f"{view.study.design} · {view.study.sponsor}" + (f" · {view.disease} alone" if view.disease else "")
    return view.document("full report", view.study.title, found, subtitle)


def packet_page(study: Study, intake: Intake, cutoff: Day) -> str:
    """The committee's packet as one self-contained page."""
    return html.page(packet(View(study, intake, cutoff)))


def trial_report(study: Study, intake: Intake, cutoff: Day | date) -> str:
    """The full report as one self-contained page."""
    return html.page(full_report(View(study, intake, cutoff)))
