"""The cells-in-blood part of the report: from a trial's samples to profiles, tables and figures."""

from html import escape

from escalon.conduct.judge.samples import profiles_of
from escalon.history import Trial
from escalon.kinetics import noncompartmental
from escalon.protocol.study import Study
from escalon.reporting.figures.b_cells import b_cell_figure
from escalon.reporting.figures.kinetics import kinetics_figure
from escalon.reporting.page import figure
from escalon.reporting.tables.kinetics import aplasia_table, level_table, parameter_table, summary_table


def cells_parts(study: Study, trial: Trial) -> list[str]:
    """The cell product, B cells and every other analyte as HTML parts; what cannot be used is named."""
    profiles, left_out = profiles_of(study, trial)
    by = {name: [profile for profile in profiles if profile.analyte == name] for name in {p.analyte for p in profiles}}
    parts = [f"<p class=warn>{escape(text)}</p>" for text in left_out]
    if product := by.pop(study.roles.cells or "", None):
        found = [noncompartmental(profile) for profile in product]
        parts += [
            figure(kinetics_figure(product), "CAR transgene in blood"),
            parameter_table(found).html(),
            summary_table(found).html(),
        ]
    if b_cells := by.pop(study.roles.b_cells or "", None):
        parts += [figure(b_cell_figure(b_cells), "B cells in blood"), aplasia_table(b_cells).html()]
    if others := [profile for name in sorted(by) for profile in by[name]]:
        parts.append(level_table(others).html())
    return parts or ["<p>No sample of an infused participant is recorded.</p>"]
