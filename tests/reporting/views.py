"""Views of small histories for the tests of sections."""

from __future__ import annotations

from pathlib import Path

from escalon.facts import Day
from escalon.history import Trial
from escalon.protocol import load_study
from escalon.reporting.document import Table
from escalon.reporting.view import View
from escalon.sources.intake import Intake

STUDY = "nct07052565"


def view_of(trial: Trial, cutoff: Day, study: str = STUDY) -> View:
    """A view of a history as a folder would give it, with nothing refused."""
    entries = tuple(trial.entries.values())
    return View(load_study(study), Intake(Path(), trial.frame, entries, trial.unread, (), (), {}), cutoff)


def texts(table: Table) -> dict[str, tuple[str, ...]]:
    """The rows of a table as printed, by their keys."""
    return {row.key: tuple(cell.text for cell in row.cells) for row in table.rows}


def column(table: Table, key: str) -> dict[str, str]:
    """One column as printed, by the keys of the rows."""
    place = [one.key for one in table.columns].index(key)
    return {row.key: row.cells[place].text for row in table.rows}
