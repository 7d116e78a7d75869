"""Immunoglobulins and autoantibodies against baseline: absolute level and percentage of change.

The product targets BCMA as well as CD19, so plasma cells and what they make are followed. spec/cell_therapy/b_cells.md.
"""

from dataclasses import replace
from fractions import Fraction
from functools import partial

from escalon.facts import Fact, Finding, Number, Status, convert, exact, plain

RULE = "percent_of_baseline/1"

# IgG at or below 4 g/L (400 mg/dL): replacement to be considered. Hill 2019 Blood Rev 38:100596,
# doi:10.1016/j.blre.2019.100596. An expert opinion; a study may set its own limit or none.
CONSIDER_REPLACEMENT = Fraction(4)


def percent_change(baseline: Fact, later: Fact) -> Finding:
    """The change of a level as a percentage of baseline, in the baseline's unit; undefined from a baseline of 0."""
    change = partial(Finding, f"{later.name}_percent_change", rule=RULE, rests_on=(baseline, later))
    absent = tuple(which for which, fact in (("baseline", baseline), ("value", later)) if fact.number is None)
    if absent:
        return change(None, Status.MISSING, unit="%", missing=absent)
    before = exact(baseline.number or 0)
    now = convert(later.number or 0, later.unit or "", baseline.unit or "")
    if before == 0:
        return change(None, Status.NOT_APPLICABLE, reasons=("the baseline is 0: a percentage of it is undefined",))
    parts = {"baseline": before, "value": now, "change": now - before, "unit": baseline.unit}
    return change((now - before) / before * 100, unit="%", components=parts, day=later.day)


def igg_change(baseline: Fact, later: Fact, consider_at_or_below: Number | None = CONSIDER_REPLACEMENT) -> Finding:
    """The IgG change, flagged `ig_replacement_consider` at or below a limit in g/L; `None` sets no limit."""
    finding = percent_change(baseline, later)
    value = later.number
    if consider_at_or_below is None or value is None:
        return finding
    level = convert(value, later.unit or "", "g/L")
    if level > exact(consider_at_or_below):
        return finding
    reason = f"IgG {plain(level)} g/L is at or below {plain(consider_at_or_below)} g/L: consider replacement"
    return replace(finding, flags=(*finding.flags, "ig_replacement_consider"), reasons=(*finding.reasons, reason))


def change_of_level(baseline: Fact, later: Fact) -> Finding:
    """The change of a level from a baseline, as published for the analyte."""
    return (igg_change if baseline.name.lower() == "igg" else percent_change)(baseline, later)
