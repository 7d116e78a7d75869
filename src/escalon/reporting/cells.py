"""The cells-in-blood part of the report: from a trial's samples to profiles, tables and figures."""

from html import escape

from escalon.casebook.records import Records
from escalon.facts import UnitError
from escalon.kinetics import Profile, Sample, noncompartmental
from escalon.kinetics.samples_table import Infused, Refused
from escalon.kinetics.samples_table import profiles_of as gathered
from escalon.protocol.study import Study
from escalon.reporting.figures.b_cells import b_cell_figure
from escalon.reporting.figures.kinetics import kinetics_figure
from escalon.reporting.page import figure
from escalon.reporting.tables.kinetics import aplasia_table, level_table, parameter_table, summary_table

PRODUCT, B_CELLS = "car_transgene", "cd19_b_cells"


def cells_parts(study: Study, records: Records) -> list[str]:
    """The cell product, B cells and every other analyte as HTML parts; what cannot be used is named."""
    profiles, left_out = profiles_of(study, records)
    by = {name: [profile for profile in profiles if profile.analyte == name] for name in {p.analyte for p in profiles}}
    parts = [f"<p class=warn>{escape(text)}</p>" for text in left_out]
    if product := by.pop(PRODUCT, None):
        found = [noncompartmental(profile) for profile in product]
        parts += [figure(kinetics_figure(product)), parameter_table(found).html(), summary_table(found).html()]
    if b_cells := by.pop(B_CELLS, None):
        parts += [figure(b_cell_figure(b_cells)), aplasia_table(b_cells).html()]
    if others := [profile for name in sorted(by) for profile in by[name]]:
        parts.append(level_table(others).html())
    return parts or ["<p>No sample of an infused participant is recorded.</p>"]


def profiles_of(study: Study, records: Records) -> tuple[list[Profile], list[str]]:
    """A profile for each infused participant and analyte in the study's unit, and what could not be made into one."""
    infused = {one.participant: Infused(one.day, f"level {one.level}") for one in records.infusions}
    samples: list[Sample] = []
    refused = [
        Refused(row.participant, row.about, "", row.why)
        for row in records.unread
        if row.table == "samples" and row.participant in infused
    ]
    for sample in records.samples:
        if sample.participant in infused:
            try:
                samples.append(_in_unit_of(study, sample))
            except UnitError as error:
                refused.append(Refused(sample.participant, sample.analyte, sample.source, str(error)))
    found = gathered(samples, infused, refused=refused)
    return list(found.profiles), [str(one) for one in found.problems]


def _in_unit_of(study: Study, sample: Sample) -> Sample:
    meaning = study.vocabulary.get(sample.analyte)
    return sample if meaning is None or not meaning.unit else sample.in_unit(meaning.unit, meaning.substance)
