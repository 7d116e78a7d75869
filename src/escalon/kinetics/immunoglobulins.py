"""Immunoglobulins and autoantibodies against baseline: absolute level and percentage of change.

The product targets BCMA as well as CD19, so plasma cells and what they make are followed. spec/cell_therapy/b_cells.md.
"""

from dataclasses import replace
from fractions import Fraction

from escalon.facts import Fact, Finding, Number, Status, convert, exact, plain

RULE = "percent_of_baseline/1"

# IgG at or below 4 g/L (400 mg/dL): replacement to be considered. Hill 2019 Blood Rev 38:100596,
# doi:10.1016/j.blre.2019.100596. An expert opinion; a study may set its own limit or none.
CONSIDER_REPLACEMENT = Fraction(4)


def percent_change(baseline: Fact, later: Fact) -> Finding:
    """The change of a level as a percentage of baseline, in the baseline's unit; undefined from a baseline of 0."""
    name = f"{later.name}_percent_change"
    absent = tuple(which for which, fact in (("baseline", baseline), ("value", later)) if fact.number is None)
    if absent:
        return Finding(name, None, Status.MISSING, unit="%", missing=absent, rule=RULE, rests_on=(baseline, later))
    before, now = exact(baseline.number or 0), _in_unit_of(baseline, later)
    if before == 0:
        reason = "the baseline is 0: a percentage of it is undefined"
        return Finding(name, None, Status.NOT_APPLICABLE, reasons=(reason,), rule=RULE, rests_on=(baseline, later))
    parts = {"baseline": before, "value": now, "change": now - before, "unit": baseline.unit}
    return Finding(
        name,
        (now - before) / before * 100,
        unit="%",
        components=parts,
        rule=RULE,
        rests_on=(baseline, later),
        day=later.day,
    )


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
    return _with(finding, "ig_replacement_consider", reason)


def _with(finding: Finding, flag: str, reason: str) -> Finding:
    return replace(finding, flags=(*finding.flags, flag), reasons=(*finding.reasons, reason))


def _in_unit_of(baseline: Fact, later: Fact) -> Fraction:
    return convert(later.number or 0, later.unit or "", baseline.unit or "")
