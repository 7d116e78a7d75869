"""What a study says of its doses must be carried out: levels in order, the rule of escalation, regimens, toxicity, strata."""

import re
from collections.abc import Iterator

from escalon.facts import plain
from escalon.instruments.product.dose import dose_unit
from escalon.protocol.errors import Problem
from escalon.protocol.folder import Sources
from escalon.protocol.names import nearest
from escalon.protocol.study import Level, Study


def _levels(study: Study, sources: Sources) -> Iterator[Problem]:
    levels = study.dose.levels
    for place, (one, before) in enumerate(zip(levels, (None, *levels), strict=False)):
        expected = one.number if before is None and one.number in (1, -1, -2) else _after(before)
        if one.number != expected:
            what = f"levels are numbered from the lowest: 1, 2, 3; or -1, 1, 2. Write {expected}"
            yield sources.problem(("dose", "level", place, "number"), what)
        path = ("dose", "level", place, "amount" if one.written else "cells_per_kg")
        if before is not None and one.amount.unit != before.amount.unit:
            what = f"{one.amount} is not in {before.amount.shown_unit}, as the level before it. Write all levels in one unit"
            yield sources.problem(path, what)
        elif before is not None and one.amount.value <= before.amount.value:
            what = "a level is higher than the one before it. Order the levels from the lowest"
            yield sources.problem(path, what)
    if study.dose.unit is not None and dose_unit(study.dose.unit).unit != levels[0].amount.unit:
        what = f"the levels are in {levels[0].amount.shown_unit}, which is another dose than so many {study.dose.unit}"
        do = f'Write each level as amount = "{plain(levels[0].amount.value)} {study.dose.unit}", or leave out the unit'
        yield sources.problem(("dose", "unit"), f"{what}. {do}")
    if study.dose.starts_at not in [one.number for one in levels]:
        known = ", ".join(str(one.number) for one in levels)
        yield sources.problem(
            ("dose", "start"),
            f"there is no level {study.dose.starts_at} to start at. Levels are {known}: write one of them",
        )


def _after(before: Level | None) -> int:
    """The number of the level above: after -1 comes 1."""
    if before is None:
        return 1
    return 1 if before.number == -1 else before.number + 1


_OWN_KEYS = re.compile(r" (?:size|window)=\d+(?=$|;)")
"""What stands in keys of `[dose]`, and in no rule of a folder."""


def _escalation(study: Study, sources: Sources) -> Iterator[Problem]:
    from escalon.escalation import EscalationError
    from escalon.protocol.design import dose_rule, is_timed

    numbers = [one.number for one in study.dose.levels]
    if study.dose.starts_at not in numbers or 0 in numbers or numbers[0] > 1:
        return  # said of the levels, and the design would only say it again
    try:
        dose_rule(study)
        if study.dose.cohort is not None and is_timed(study):
            name = study.dose.rule.split()[0]
            what = f"{name} places participants one by one, so there are no cohorts. Leave cohort_size out"
            yield sources.problem(("dose", "cohort_size"), what)
    except EscalationError as error:
        said = {"cohort": study.dose.cohort and "cohort_size", "ariant": study.dose.variant and "variant"}
        key = next((key for word, key in said.items() if key and word in str(error).partition(". It knows")[0]), "rule")
        yield sources.problem(("dose", key), _OWN_KEYS.sub("", str(error)))


def _regimen(study: Study, sources: Sources) -> Iterator[Problem]:
    for number, one in enumerate(study.lymphodepletion.regimens if study.lymphodepletion else ()):
        for given in one.drugs:
            if study.lymphodepletion and given.drug not in study.lymphodepletion.drugs:
                path = ("lymphodepletion", "regimen", number, "drugs")
                drugs = ", ".join(study.lymphodepletion.drugs)
                yield sources.problem(path, f"{given.drug} is not among the drugs {drugs}. Write one of them", one.id)


def _toxicity(study: Study, sources: Sources) -> Iterator[Problem]:
    """A clause of toxicity whose own limits contradict each other, or of which one means nothing alone."""
    from escalon.safety.dlt_definition import DefinitionError, definition_of

    for number, one in enumerate(study.dlt.events if study.dlt else ()):
        path = ("dlt", "event", number)
        try:
            definition_of([one], 1)
        except DefinitionError as error:
            key = "improves_to" if "improves_to" in str(error) else "at_most_grade"
            yield sources.problem((*path, key), str(error).partition(": ")[2], one.id)
        if one.improves_to is not None and one.within_hours is None and one.not_recovered_by_day is None:
            what = "improves_to says nothing without a time. Write within_hours, or not_recovered_by_day"
            yield sources.problem((*path, "improves_to"), what, one.id)


def _strata(study: Study, sources: Sources) -> Iterator[Problem]:
    name = study.dose.strata
    known = study.vocabulary.get(name) if name else None
    if name and (known is None or not known.choices):
        could = [word for word, one in study.vocabulary.items() if one.choices]
        what = f"{name} is no fact with choices, so nobody's stratum could be said. {nearest(name, could)}"
        yield sources.problem(("dose", "strata"), what)


DOSES = (_levels, _escalation, _regimen, _toxicity, _strata)
"""The checks of what is given."""
