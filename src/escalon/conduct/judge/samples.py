"""The samples of a history, read by the one reader of samples, in the study's units."""

from escalon.conduct.judge.given import first_doses
from escalon.facts import UnitError
from escalon.history import Course, Trial
from escalon.kinetics import Profile, Sample
from escalon.kinetics.sample import read_sample
from escalon.kinetics.samples_table import Infused, Unusable
from escalon.kinetics.samples_table import profiles_of as gathered
from escalon.protocol.study import Study


def samples_of(course: Course) -> list[Sample]:
    """Every sample of one participant, as it was written."""
    return [read_sample({"participant": course.code, **one.event.cells}, one.place) for one in course.samples]


def profiles_of(study: Study, trial: Trial) -> tuple[list[Profile], list[str]]:
    """A profile for each infused participant and analyte in the study's unit, and what could not be made into one."""
    infused = {one.participant: Infused(one.last, f"level {one.level}") for one in first_doses(study, trial)}
    samples: list[Sample] = []
    refused = [
        Unusable(row.participant, row.about, "", row.why)
        for row in trial.unread
        if row.table == "samples" and row.participant in infused
    ]
    for code in infused:
        for sample in samples_of(trial.course(code)):
            try:
                samples.append(_in_unit_of(study, sample))
            except UnitError as error:
                refused.append(Unusable(sample.participant, sample.analyte, sample.source, str(error)))
    found = gathered(samples, infused, refused=refused)
    return list(found.profiles), [str(one) for one in found.problems]


def _in_unit_of(study: Study, sample: Sample) -> Sample:
    meaning = study.vocabulary.get(sample.analyte)
    return sample if meaning is None or not meaning.unit else sample.in_unit(meaning.unit, meaning.substance)
