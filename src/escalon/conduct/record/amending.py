"""An amendment of the study's text: which dose levels it numbers anew, found by their doses."""

from datetime import date

from escalon.casebook.canonical import digest
from escalon.casebook.errors import CasebookError
from escalon.history import Trial
from escalon.history.events import AmendmentAdopted, AnswerPart
from escalon.protocol.study import Study


def doses_of_levels(study: Study) -> tuple[AnswerPart, ...]:
    """The dose of each level, by its number: what a later amendment is compared with."""
    return tuple(AnswerPart(name=str(one.number), says=str(one.amount)) for one in study.dose.levels)


def amendment(trial: Trial, study: Study, today: date, changes: str) -> AmendmentAdopted:
    """The study's text as it is now, to be adopted. Raises CasebookError where a level that is in use would be lost."""
    levels = doses_of_levels(study)
    return AmendmentAdopted(
        study_version=study.version,
        digest=digest(f"{study.id} {study.version}"),
        adopted_on=today,
        changes=changes,
        levels=levels,
        renumbered=_renumbered(trial, levels),
    )


def _renumbered(trial: Trial, levels: tuple[AnswerPart, ...]) -> tuple[AnswerPart, ...]:
    """The levels whose dose has another number now. Each must be there once, and one that is in use must not be lost."""
    now = {part.says: part.name for part in levels}
    moved = tuple(
        AnswerPart(name=part.name, says=now[part.says])
        for part in trial.levels
        if now.get(part.says, part.name) != part.name
    )
    taken = {part.says: f"level {part.name}" for part in moved}
    for part in trial.levels:
        kept = part.says not in now and (part.name in taken or part.name not in now.values())
        if kept and trial.uses_level(int(part.name)):
            raise CasebookError(
                f"level {part.name} was {part.says}, and people were placed or dosed there; the study folder has no level "
                f"of that dose any more, and {taken.get(part.name, 'none')} under its number. Keep it as a level"
            )
    return moved
