"""The cells-in-blood part of the report: from a trial's samples to profiles, tables and figures."""

from fractions import Fraction
from html import escape

from escalon.casebook.records import Infusion, Records
from escalon.casebook.records import Sample as Recorded
from escalon.facts import UnitError, convert, exact, spelled
from escalon.kinetics import Detection, Profile, Sample, noncompartmental
from escalon.kinetics.detection import Limits
from escalon.protocol.study import Study
from escalon.reporting.figures.b_cells import b_cell_figure
from escalon.reporting.figures.kinetics import kinetics_figure
from escalon.reporting.page import figure
from escalon.reporting.tables.kinetics import antibody_table, aplasia_table, parameter_table, summary_table

PRODUCT, B_CELLS = "car_transgene", "cd19_b_cells"
IMMUNOGLOBULINS = ("igg", "igm", "iga")
_CODES = {"nd": Detection.ND, "undetermined": Detection.ND, "not detected": Detection.ND, "blq": Detection.BLQ}


def cells_parts(study: Study, records: Records) -> list[str]:
    """The cell product, B cells and immunoglobulins as HTML parts; what cannot be used is named, not left out in silence."""
    profiles, left_out = profiles_of(study, records)
    by = {name: [profile for profile in profiles if profile.analyte == name] for name in {p.analyte for p in profiles}}
    parts = [f"<p class=warn>{escape(text)}</p>" for text in left_out]
    if product := by.get(PRODUCT):
        found = [noncompartmental(profile) for profile in product]
        parts += [figure(kinetics_figure(product)), parameter_table(found).html(), summary_table(found).html()]
    if b_cells := by.get(B_CELLS):
        parts += [figure(b_cell_figure(b_cells)), aplasia_table(b_cells).html()]
    antibodies = [profile for name in IMMUNOGLOBULINS for profile in by.get(name, [])]
    if antibodies:
        parts.append(antibody_table(antibodies).html())
    return parts or ["<p>No sample of an infused participant is recorded.</p>"]


def profiles_of(study: Study, records: Records) -> tuple[list[Profile], list[str]]:
    """A profile for each infused participant and analyte in the study's unit, and what could not be made into one."""
    profiles, left_out = [], []
    for infusion in records.infusions:
        mine = [sample for sample in records.samples if sample.participant == infusion.participant]
        for analyte in dict.fromkeys(sample.analyte for sample in mine):
            try:
                profiles.append(_profile(study, infusion, [sample for sample in mine if sample.analyte == analyte]))
            except ValueError as error:
                left_out.append(str(error))
    return profiles, left_out


def _profile(study: Study, infusion: Infusion, samples: list[Recorded]) -> Profile:
    meaning = study.vocabulary.get(samples[0].analyte)
    unit = meaning.unit if meaning and meaning.unit else samples[0].unit
    made = sorted((_sample(infusion, sample, unit) for sample in samples), key=lambda one: one.day)
    level = study.dose.level(infusion.level)
    return Profile(infusion.participant, samples[0].analyte, unit, tuple(made), f"level {level.number}")


def _sample(infusion: Infusion, sample: Recorded, unit: str) -> Sample:
    if sample.elapsed is not None:
        day = exact(sample.elapsed)
    elif sample.day is not None and not sample.day.is_partial:
        day = Fraction((sample.day.earliest - infusion.day.earliest).days)
    else:
        raise UnitError(f"{sample.participant} {sample.analyte}: a sample has no full date ({sample.source})")
    value, lloq = (
        None if number is None else convert(number, sample.unit, unit) for number in (sample.value, sample.lloq)
    )
    code = _code(sample, value, lloq, unit)
    return Sample(day, code, value, lloq, "clock" if sample.elapsed is not None else "date", sample.day, sample.source)


def _code(sample: Recorded, value: Fraction | None, lloq: Fraction | None, unit: str) -> Detection:
    if sample.below:
        return _CODES.get(sample.code.lower(), Detection.BELOW)
    if value is None:
        return Detection.MISSING
    return (
        Limits(unit, lloq).code(value)
        if lloq is not None or not spelled(unit).startswith("{copies}")
        else Detection.MISSING
    )
