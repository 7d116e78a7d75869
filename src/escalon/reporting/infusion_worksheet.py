"""The infusion-day worksheet: every entry and every step on paper, with room for a second person to do it again.

The second person's column is empty on purpose: a check that repeats a printed number is no check.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from escalon import __version__
from escalon.facts import Finding, exact, plain
from escalon.instruments.product.infusion import Bag, Infusion
from escalon.reporting.build import heads, row, slug
from escalon.reporting.document import (
    BY_HAND,
    Block,
    Document,
    Head,
    RowKind,
    Section,
    Signatures,
    Table,
    TableRow,
    Text,
    Tone,
)
from escalon.reporting.printed import times_ten

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


Lines: TypeAlias = Sequence[TableRow]

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
    release: Finding | None = None,
) -> Document:
    """The sheet for one infusion, planned or given, as a document to print.

    `identity` is the comparison of label and participant, `release` the judgement of the product's attributes.
    """
    findings = (
        [*infusion.findings().values()]
        if infusion.was_given
        else [infusion.weight, infusion.target, infusion.to_infuse]
    )
    findings += [finding for finding in (identity, release) if finding is not None]
    verdict = _verdict(infusion)
    parts = (
        ("Release", ("attribute", "", "verdict", "2nd person reads"), _attributes(release)),
        ("Entries", ("entry", "", "value", "2nd person reads"), _entries(bag, infusion.weight)),
        ("Steps", ("step", "how", "result", "2nd person finds"), [*_planned(bag, infusion), *_given(infusion)]),
    )
    blocks: list[Block] = [*(Text(alarm, Tone.ALARM) for alarm in _alarms(infusion, identity)), _identity(identity)]
    filled = (part for part in parts if part[2])
    blocks += [_table(n, *part) for n, part in enumerate(filled, start=2)]
    warnings = [warning for warning in _warnings(findings) if warning not in verdict]
    concluded: list[Block] = [
        *(Text(line, Tone.STRONG) for line in verdict),
        *(Text(warning, Tone.OPEN) for warning in warnings),
    ]
    sections = (
        Section("", "", tuple(blocks)),
        Section("", "Verdict", (*concluded, Signatures((), _SIGNERS), Text(_HOW, Tone.MUTED))),
    )
    return Document(
        heading.study, f"Infusion worksheet: participant {heading.participant or '…'}", heading.version, "infusion worksheet", "",
        heading.synthetic, sections, subtitle=_subtitle(heading), software=f"Escalon {__version__}",
    )  # fmt: skip


_SIGNERS = ("Prepared by, date and time", "Checked by another person, date and time", "Infused by, date and time")
_HOW = "The empty boxes are filled in by hand, from the source documents, before infusion."


def _subtitle(head: Heading) -> str:
    """Study, product, level and day on one line."""
    day = head.infusion_date and f"infusion {head.infusion_date}"
    parts = head.study, head.product, f"assigned {head.level}", day, "for an independent check by a second person"
    return " · ".join(filter(None, parts))


def _table(number: int, title: str, columns: Sequence[str], lines: Lines) -> Table:
    keys = "what", "how", "value", "check"
    widths = 32, 40, 26, 26
    named = zip(keys, columns, widths, strict=True)
    return Table(f"W{number}", title, tuple(Head(key, head, width=width) for key, head, width in named), tuple(lines))


def _line(what: str, how: str, value: str, kind: RowKind = RowKind.PLAIN) -> TableRow:
    """What, how it comes about, and the value; the second person's box stays empty."""
    return row(slug(what), what, how, value, BY_HAND, kind=kind)


def _identity(identity: Finding | None) -> Table:
    rows = [row(name, name.replace("_", " "), *[BY_HAND] * 5) for name in ("participant_code", "product_number")]
    if identity is not None:
        rows = []
        for name, pair in identity.components.items():
            one, other = (pair[side] or NOT_KNOWN for side in ("participant", "label"))
            same = NOT_KNOWN if NOT_KNOWN in (one, other) else "same" if one == other else "DIFFERENT"
            rows.append(row(name, name.replace("_", " "), one, other, same, BY_HAND, BY_HAND))
    columns = heads(
        "identifier|24", "participant|24", "label|24", "comparison|20", "first=1st check|16", "second=2nd check|16"
    )
    return Table("W1", "Product and participant", columns, tuple(rows))


def _entries(bag: Bag, weight: Finding) -> Lines:
    gate = {"viable": "among viable CD3+ cells", "total": "among all cells (viability is already in it)"}[bag.car_gate]
    return (
        _line(
            "Body weight",
            str(weight.components.get("taken", "")) and f"taken {weight.components['taken']}",
            _amount(weight.value, "kg"),
        ),
        _line(
            "Nucleated cells per mL",
            "after thaw",
            times_ten(bag.cells_per_ml, 4) if bag.cells_per_ml is not None else NOT_KNOWN,
        ),
        _line("Viability", "after thaw; the one used", _percent(bag.viability)),
        _line("Viability at release", "for comparison only", _percent(bag.release_viability)),
        _line("CAR-positive cells", gate, _percent(bag.car_fraction)),
        _line("Volume in the bag", "", _amount(bag.volume, "mL")),
        _line("Left in bag and line", "", _amount(bag.residual, "mL")),
    )


def _planned(bag: Bag, infusion: Infusion) -> Lines:
    parts = infusion.to_infuse.components
    viable = " × viability" if bag.car_gate == "viable" else ""
    low, high = (_millilitres(parts.get(name)) for name in ("lowest_volume", "highest_volume"))
    return (
        _line("1  Cells to give", _BY[infusion.dose.per], _cells(infusion.target.value)),
        _line(
            "2  Counting cells per mL", f"cells/mL{viable} × CAR-positive", _cells(parts.get("counting_cells_per_ml"))
        ),
        _line("3  Volume to infuse", "line 1 / line 2", _millilitres(infusion.to_infuse.value)),
        _line(
            "volume inside the window", "lowest and highest", low if low == high else f"{low} to {high}", RowKind.UNDER
        ),
        _line("volume to load", "line 3 + left behind", _millilitres(parts.get("volume_to_load")), RowKind.UNDER),
    )


def _given(infusion: Infusion) -> Lines:
    parts = infusion.verdict.components
    deviation = parts.get("deviation_percent")
    how = "as reported by the laboratory" if "cells_as_reported" in infusion.cells.flags else "line 4 × line 2"
    return (
        _line("4  Volume given", "bag − left behind", _millilitres(infusion.infused.value)),
        _line("5  Cells given", how, _cells(infusion.cells.value)),
        _line(*_DELIVERED[infusion.dose.per], _cells(infusion.per_kg.value)),
        _line(
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
        return ("The dose given is not known.", *map(_in_words, infusion.verdict.reasons))
    return tuple(map(_in_words, infusion.verdict.reasons))


def _in_words(reason: str) -> str:
    """A reason with our names in words; what stands on a label, in quotation marks, stays letter for letter."""
    return _LABEL_OR_NAME.sub(lambda found: " " if found[0] == "_" else found[0], reason)


_LABEL_OR_NAME = re.compile(r"'[^']*'|\"[^\"]*\"|_")


def _warnings(findings: Sequence[Finding]) -> tuple[str, ...]:
    """Every flag in words, once: the reasons of flagged findings, and the plain words for flags without one."""
    said = [_WORDS[flag] for finding in findings for flag in finding.flags if flag in _WORDS]
    reasons = (reason for one in findings if one.flags or one.value is None for reason in one.reasons)
    said += map(_in_words, reasons)
    return tuple(dict.fromkeys(said))


def _alarms(infusion: Infusion, identity: Finding | None) -> tuple[str, ...]:
    """What must be seen before anything else."""
    if identity is not None and identity.value is False:
        return ("STOP: product and participant do not match. Do not infuse.",)
    if infusion.was_given and infusion.verdict.value is False:
        return ("The dose given is outside the window of the assigned level: a protocol deviation.",)
    return ()


def _attributes(release: Finding | None) -> Lines:
    if release is None:
        return ()
    approved = "approved_by", "approval_reason"
    words = {"within": "within", "oos": "OUT OF SPECIFICATION", "not tested": "not tested"}
    judged = [(name, str(verdict)) for name, verdict in release.components.items() if name not in approved]
    return tuple(_line(name.replace("_", " "), "", words[verdict]) for name, verdict in judged)


def _cells(value: Any) -> str:
    return NOT_KNOWN if value is None else times_ten(value, 4)


def _millilitres(value: Any) -> str:
    return NOT_KNOWN if value is None else f"{float(value):.2f} mL"


def _amount(value: Any, unit: str) -> str:
    return NOT_KNOWN if value is None else f"{plain(value, 2)} {unit}"


def _percent(value: Any) -> str:
    return NOT_KNOWN if value is None else f"{plain(exact(value) * 100, 2)} %"
