"""The infusion-day worksheet: every entry and every step on paper, with room for a second person to do it again.

The second person's column is empty on purpose: a check that repeats a printed number is no check.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from escalon.facts import Finding, exact, plain
from escalon.instruments.product.infusion import Bag, Infusion
from escalon.reporting.printed import significant, times_ten

NOT_KNOWN = "not known"


@dataclass(frozen=True, slots=True)
class Heading:
    """What stands at the top of the sheet."""

    study: str
    participant: str
    level: str
    infusion_date: str = ""
    product: str = ""
    synthetic: bool = False
    version: str = ""


@dataclass(frozen=True, slots=True)
class SheetLine:
    """One line of the sheet: what, how it comes about, and the value; the check column stays empty."""

    what: str
    how: str
    value: str


@dataclass(frozen=True)
class Worksheet:
    """The sheet's content, before it is laid out as HTML or PDF."""

    heading: Heading
    identity: tuple[tuple[str, str, str, str], ...]
    entries: tuple[SheetLine, ...]
    steps: tuple[SheetLine, ...]
    verdict: tuple[str, ...]
    warnings: tuple[str, ...]
    alarms: tuple[str, ...]
    ok: bool | None
    drugs: tuple[SheetLine, ...] = ()
    attributes: tuple[SheetLine, ...] = ()


# Flags a person on the ward must see, in plain words; others are spelled out by their reasons.
_WORDS = {
    "residual_not_recorded": "What stayed behind in bag and line is not recorded: the whole bag is counted as given.",
    "weight_change_not_known": "Only one weight is recorded, so a change since leukapheresis cannot be seen.",
    "cells_as_reported": "The cell count is the laboratory's own; it was not calculated here.",
    "second_check_required": "Two different people must compare product and participant.",
    "reason_required": "A dose outside the window needs a reason, who decided it and when.",
    "rule_unconfirmed": "A rule used here is not confirmed for this study.",
}


def worksheet(
    heading: Heading,
    bag: Bag,
    infusion: Infusion,
    identity: Finding | None = None,
    lymphodepletion: Sequence[Finding] = (),
    release: Finding | None = None,
) -> Worksheet:
    """The sheet for one infusion, planned or given.

    `identity` is the comparison of label and participant, `release` the judgement of the product's attributes.
    """
    findings = (
        [*infusion.findings().values()]
        if infusion.was_given
        else [infusion.weight, infusion.target, infusion.to_infuse]
    )
    findings += [finding for finding in (identity, release, *lymphodepletion) if finding is not None]
    return Worksheet(
        heading,
        _identity(identity),
        _entries(bag, infusion.weight),
        _planned(bag, infusion) + (_given(infusion) if infusion.was_given else ()),
        _verdict(infusion),
        tuple(warning for warning in _warnings(findings) if warning not in _verdict(infusion)),
        _alarms(infusion, identity),
        _all_well(infusion, identity),
        tuple(_drug(finding) for finding in lymphodepletion),
        _attributes(release),
    )


def _all_well(infusion: Infusion, identity: Finding | None) -> bool | None:
    if identity is not None and identity.value is False:
        return False
    if not infusion.was_given:
        return None
    return infusion.verdict.value if isinstance(infusion.verdict.value, bool) else None


def _identity(identity: Finding | None) -> tuple[tuple[str, str, str, str], ...]:
    if identity is None:
        return (("participant code", "", "", ""), ("product number", "", "", ""))
    rows = []
    for name, pair in identity.components.items():
        one, other = (pair[side] or NOT_KNOWN for side in ("participant", "label"))
        same = NOT_KNOWN if NOT_KNOWN in (one, other) else "same" if one == other else "DIFFERENT"
        rows.append((name.replace("_", " "), one, other, same))
    return tuple(rows)


def _entries(bag: Bag, weight: Finding) -> tuple[SheetLine, ...]:
    gate = {"viable": "among viable CD3+ cells", "total": "among all cells (viability is already in it)"}[bag.car_gate]
    return (
        SheetLine(
            "Body weight",
            str(weight.components.get("taken", "")) and f"taken {weight.components['taken']}",
            _amount(weight.value, "kg"),
        ),
        SheetLine(
            "Nucleated cells per mL",
            "after thaw",
            times_ten(bag.cells_per_ml, 4) if bag.cells_per_ml is not None else NOT_KNOWN,
        ),
        SheetLine("Viability", "after thaw; the one used", _percent(bag.viability)),
        SheetLine("Viability at release", "for comparison only", _percent(bag.release_viability)),
        SheetLine("CAR-positive cells", gate, _percent(bag.car_fraction)),
        SheetLine("Volume in the bag", "", _amount(bag.volume, "mL")),
        SheetLine("Left in bag and line", "", _amount(bag.residual, "mL")),
    )


def _planned(bag: Bag, infusion: Infusion) -> tuple[SheetLine, ...]:
    parts = infusion.to_infuse.components
    viable = " × viability" if bag.car_gate == "viable" else ""
    low, high = (_millilitres(parts.get(name)) for name in ("lowest_volume", "highest_volume"))
    return (
        SheetLine("1  Cells to give", _BY[infusion.dose.per], _cells(infusion.target.value)),
        SheetLine(
            "2  Counting cells per mL", f"cells/mL{viable} × CAR-positive", _cells(parts.get("counting_cells_per_ml"))
        ),
        SheetLine("3  Volume to infuse", "line 1 / line 2", _millilitres(infusion.to_infuse.value)),
        SheetLine("    volume inside the window", "lowest and highest", f"{low} to {high}"),
        SheetLine("    volume to load", "line 3 + left behind", _millilitres(parts.get("volume_to_load"))),
    )


def _given(infusion: Infusion) -> tuple[SheetLine, ...]:
    parts = infusion.verdict.components
    deviation = parts.get("deviation_percent")
    how = "as reported by the laboratory" if "cells_as_reported" in infusion.cells.flags else "line 4 × line 2"
    return (
        SheetLine("4  Volume given", "bag − left behind", _millilitres(infusion.infused.value)),
        SheetLine("5  Cells given", how, _cells(infusion.cells.value)),
        SheetLine(*_DELIVERED[infusion.dose.per], _cells(infusion.per_kg.value)),
        SheetLine(
            "7  Deviation from the level",
            "line 6 / level − 1",
            NOT_KNOWN if deviation is None else f"{float(deviation):+.2f} %",
        ),
    )


_BY = {"kg": "level × weight", "m2": "level × body surface", "": "the level itself"}
_DELIVERED = {
    "kg": ("6  Dose given, per kg", "line 5 / weight"),
    "m2": ("6  Dose given, per m²", "line 5 / body surface"),
    "": ("6  Dose given", "line 5"),
}


def _verdict(infusion: Infusion) -> tuple[str, ...]:
    if not infusion.was_given:
        return ("Nothing is recorded as given yet: this sheet plans the infusion.",)
    if infusion.verdict.value is None:
        return ("The dose given is not known.", *infusion.verdict.reasons)
    return infusion.verdict.reasons


def _warnings(findings: Sequence[Finding]) -> tuple[str, ...]:
    """Every flag in words, once: the reasons of flagged findings, and the plain words for flags without one."""
    said = [_WORDS[flag] for finding in findings for flag in finding.flags if flag in _WORDS]
    said += [reason for finding in findings if finding.flags or finding.value is None for reason in finding.reasons]
    return tuple(dict.fromkeys(said))


def _alarms(infusion: Infusion, identity: Finding | None) -> tuple[str, ...]:
    """What must be seen before anything else."""
    if identity is not None and identity.value is False:
        return ("STOP: product and participant do not match. Do not infuse.",)
    if infusion.was_given and infusion.verdict.value is False:
        return ("The dose given is outside the window of the assigned level: a protocol deviation.",)
    return ()


def _attributes(release: Finding | None) -> tuple[SheetLine, ...]:
    if release is None:
        return ()
    approved = "approved_by", "approval_reason"
    words = {"within": "within", "oos": "OUT OF SPECIFICATION", "not tested": "not tested"}
    judged = [(name, str(verdict)) for name, verdict in release.components.items() if name not in approved]
    return tuple(SheetLine(name.replace("_", " "), "", words[verdict]) for name, verdict in judged)


def _drug(dose: Finding) -> SheetLine:
    parts = dose.components
    days = ", ".join(f"{day:+d}" for day in parts.get("days", ()))
    how = f"day {days}; {plain(parts.get('mg_per_m2'))} mg/m² × {significant(parts.get('body_surface_area'), 5)} m²"
    how += f" × {plain(parts.get('renal_factor'))}" if parts.get("renal_factor") is not None else ""
    return SheetLine(dose.name.replace("_", " "), how, _amount(dose.value, "mg"))


def _cells(value: Any) -> str:
    return NOT_KNOWN if value is None else times_ten(value, 4)


def _millilitres(value: Any) -> str:
    return NOT_KNOWN if value is None else f"{float(value):.2f} mL"


def _amount(value: Any, unit: str) -> str:
    return NOT_KNOWN if value is None else f"{plain(value, 2)} {unit}"


def _percent(value: Any) -> str:
    return NOT_KNOWN if value is None else f"{plain(exact(value) * 100, 2)} %"


@dataclass(frozen=True, slots=True)
class WorksheetPart:
    """A table of the sheet: empty cells are for people to write in."""

    title: str
    columns: tuple[str, ...]
    widths: tuple[float, ...]
    rows: tuple[tuple[str, ...], ...]


_SIGNERS = ("Prepared by", "Checked by (another person)", "Infused by")


def sections(sheet: Worksheet) -> tuple[tuple[WorksheetPart, ...], WorksheetPart]:
    """The tables above the verdict, and the one for signatures beneath it."""
    who = WorksheetPart(
        "Product and participant", ("identifier", "participant", "label", "comparison", "1st check", "2nd check"),
        (1.4, 1.4, 1.4, 1.2, 0.8, 0.8), tuple((*row, "", "") for row in sheet.identity),
    )  # fmt: skip
    lines = (
        ("Release", ("attribute", "", "verdict", "2nd person reads"), sheet.attributes),
        ("Entries", ("entry", "", "value", "2nd person reads"), sheet.entries),
        ("Steps", ("step", "how", "result", "2nd person finds"), sheet.steps),
        ("Lymphodepletion", ("drug", "how", "dose", "2nd person finds"), sheet.drugs),
    )
    tables = (
        WorksheetPart(title, columns, (1.6, 2, 1.3, 1.3), tuple((x.what, x.how, x.value, "") for x in some))
        for title, columns, some in lines
        if some
    )
    signing = tuple((name, "", "", "") for name in _SIGNERS)
    return (who, *tables), WorksheetPart(
        "Signatures", ("", "name", "signature", "date and time"), (1.6, 1.4, 1.6, 1.4), signing
    )


def title(head: Heading) -> str:
    """The sheet's title."""
    return f"Infusion worksheet: participant {head.participant or '…'}"


def subtitle(head: Heading) -> str:
    """Study, product, level and day on one line."""
    parts = (
        head.study,
        head.product,
        f"assigned {head.level}",
        head.infusion_date and f"infusion {head.infusion_date}",
    )
    return " · ".join(part for part in parts if part) + " · for an independent check by a second person"


def foot(head: Heading) -> str:
    """Version, and how the sheet is used."""
    filled = "The empty columns are filled in by hand, from the source documents, before infusion."
    return f"Escalon {head.version}. {filled} Not a medical device."
