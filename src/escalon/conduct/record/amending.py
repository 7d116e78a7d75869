"""An amendment of the study's text: which dose levels it numbers anew, found by their doses."""

from datetime import date
from fractions import Fraction
from itertools import chain

from escalon.casebook.canonical import digest
from escalon.casebook.errors import CasebookError
from escalon.history import Trial
from escalon.history.events import AmendmentAdopted, AnswerPart
from escalon.instruments.product.dose import DoseAmount
from escalon.protocol.dose_plan import Level
from escalon.protocol.study import Study


def doses_of_levels(study: Study) -> tuple[AnswerPart, ...]:
    """The dose of each level, by its number: what a later amendment is compared with."""
    return tuple(AnswerPart(name=str(one.number), says=str(one.amount)) for one in study.dose.levels)


def amendment(trial: Trial, study: Study, today: date, changes: str) -> AmendmentAdopted:
    """The study's text as it is now, to be adopted. Raises CasebookError where a level that is in use would be lost."""
    return AmendmentAdopted(
        study_version=study.version,
        digest=digest(f"{study.id} {study.version}"),
        adopted_on=today,
        changes=changes,
        levels=doses_of_levels(study),
        renumbered=_renumbered(trial, study),
    )


def _renumbered(trial: Trial, study: Study) -> tuple[AnswerPart, ...]:
    """The levels whose dose has another number now. Each must be there once, and one that is in use must not be lost."""
    moved = []
    for part in trial.levels:
        now = _level_now(study, int(part.name), DoseAmount.parse(part.says))
        if now is None and trial.uses_level(int(part.name)):
            raise CasebookError(
                f"level {part.name} was {part.says}, and people were placed or dosed there; the study folder has no level "
                "of that dose any more. Keep it as a level; one that is to have another dose is written as a new level"
            )
        if now is not None and now.number != int(part.name):
            moved.append(AnswerPart(name=part.name, says=str(now.number)))
    return tuple(moved)


def _level_now(study: Study, number: int, dose: DoseAmount) -> Level | None:
    """The level that a dose has now, in whatever unit it is written; a dose put right within the margin keeps its number."""
    levels = [(level, given) for level in study.dose.levels if (given := _in_unit_of(level, dose)) is not None]
    same = (level for level, given in levels if given == level.amount.value)
    near = (level for level, given in levels if level.number == number and _is_within(study, level, given))
    return next(chain(same, near), None)


def _in_unit_of(level: Level, dose: DoseAmount) -> Fraction | None:
    try:
        return dose.as_given_in(level.amount)
    except ValueError:
        return None


def _is_within(study: Study, level: Level, given: Fraction) -> bool:
    low, high = study.dose.window(level)
    return low <= given <= high
