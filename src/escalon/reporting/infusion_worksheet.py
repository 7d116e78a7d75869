"""The infusion-day worksheet: every entry and every step on paper, with room for a second person to do it again.

The second person's column is empty on purpose: a check that repeats a printed number is no check.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Any

from escalon.facts import Finding, exact, plain
from escalon.instruments.product.infusion import Bag, Infusion
from escalon.reporting.page import page
from escalon.reporting.significant import significant, times_ten

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
class Line:
    """One line of the sheet: what, how it comes about, and the value; the check column stays empty."""

    what: str
    how: str
    value: str


@dataclass(frozen=True)
class Worksheet:
    """The sheet's content, before it is laid out as HTML or PDF."""

    heading: Heading
    identity: tuple[tuple[str, str, str, str], ...]
    entries: tuple[Line, ...]
    steps: tuple[Line, ...]
    verdict: tuple[str, ...]
    warnings: tuple[str, ...]
    alarms: tuple[str, ...]
    ok: bool | None
    drugs: tuple[Line, ...] = field(default=())


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
) -> Worksheet:
    """The sheet for one infusion, planned or given; `identity` is the comparison of label and participant."""
    findings = (
        [*infusion.findings().values()]
        if infusion.was_given
        else [infusion.weight, infusion.target, infusion.to_infuse]
    )
    findings += [finding for finding in (identity, *lymphodepletion) if finding is not None]
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


def _entries(bag: Bag, weight: Finding) -> tuple[Line, ...]:
    gate = {"viable": "among viable CD3+ cells", "total": "among all cells (viability is already in it)"}[bag.car_gate]
    return (
        Line(
            "Body weight",
            str(weight.components.get("taken", "")) and f"taken {weight.components['taken']}",
            _amount(weight.value, "kg"),
        ),
        Line(
            "Nucleated cells per mL",
            "after thaw",
            times_ten(bag.cells_per_ml, 4) if bag.cells_per_ml is not None else NOT_KNOWN,
        ),
        Line("Viability", "after thaw; the one used", _percent(bag.viability)),
        Line("Viability at release", "for comparison only", _percent(bag.release_viability)),
        Line("CAR-positive cells", gate, _percent(bag.car_fraction)),
        Line("Volume in the bag", "", _amount(bag.volume, "mL")),
        Line("Left in bag and line", "", _amount(bag.residual, "mL")),
    )


def _planned(bag: Bag, infusion: Infusion) -> tuple[Line, ...]:
    parts = infusion.to_infuse.components
    viable = " × viability" if bag.car_gate == "viable" else ""
    low, high = (_millilitres(parts.get(name)) for name in ("lowest_volume", "highest_volume"))
    return (
        Line("1  Cells to give", "level × weight", _cells(infusion.target.value)),
        Line(
            "2  Counting cells per mL", f"cells/mL{viable} × CAR-positive", _cells(parts.get("counting_cells_per_ml"))
        ),
        Line("3  Volume to infuse", "line 1 / line 2", _millilitres(infusion.to_infuse.value)),
        Line("    volume inside the window", "lowest and highest", f"{low} to {high}"),
        Line("    volume to load", "line 3 + left behind", _millilitres(parts.get("volume_to_load"))),
    )


def _given(infusion: Infusion) -> tuple[Line, ...]:
    parts = infusion.verdict.components
    deviation = parts.get("deviation_percent")
    how = "as reported by the laboratory" if "cells_as_reported" in infusion.cells.flags else "line 4 × line 2"
    return (
        Line("4  Volume given", "bag − left behind", _millilitres(infusion.infused.value)),
        Line("5  Cells given", how, _cells(infusion.cells.value)),
        Line("6  Dose given, per kg", "line 5 / weight", _cells(infusion.per_kg.value)),
        Line(
            "7  Deviation from the level",
            "line 6 / level − 1",
            NOT_KNOWN if deviation is None else f"{float(deviation):+.2f} %",
        ),
    )


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


def _drug(dose: Finding) -> Line:
    parts = dose.components
    days = ", ".join(f"{day:+d}" for day in parts.get("days", ()))
    how = f"day {days}; {plain(parts.get('mg_per_m2'))} mg/m² × {significant(parts.get('body_surface_area'), 5)} m²"
    how += f" × {plain(parts.get('renal_factor'))}" if parts.get("renal_factor") is not None else ""
    return Line(dose.name.replace("_", " "), how, _amount(dose.value, "mg"))


def _cells(value: Any) -> str:
    return NOT_KNOWN if value is None else times_ten(value, 4)


def _millilitres(value: Any) -> str:
    return NOT_KNOWN if value is None else f"{float(value):.2f} mL"


def _amount(value: Any, unit: str) -> str:
    return NOT_KNOWN if value is None else f"{plain(value, 2)} {unit}"


def _percent(value: Any) -> str:
    return NOT_KNOWN if value is None else f"{plain(exact(value) * 100, 2)} %"


def worksheet_html(sheet: Worksheet) -> str:
    """The sheet as one self-contained page."""
    head = sheet.heading
    banner = "<p class=warn><b>SYNTHETIC DATA: the person is invented.</b></p>" if head.synthetic else ""
    alarms = "".join(f"<p class=warn><b>{escape(alarm)}</b></p>" for alarm in sheet.alarms)
    warned = "".join(f"<p class=warn>{escape(warning)}</p>" for warning in sheet.warnings)
    told = "".join(f"<p><b>{escape(line)}</b></p>" for line in sheet.verdict)
    parts = [
        banner + alarms,
        _html_table("Product and participant", ("identifier", "participant", "label", "comparison", "1st check", "2nd check"),
                    [(*row, "", "") for row in sheet.identity]),
        _html_table("Entries", ("entry", "", "value", "2nd person reads"), [(x.what, x.how, x.value, "") for x in sheet.entries]),
        _html_table("Steps", ("step", "how", "result", "2nd person finds"), [(x.what, x.how, x.value, "") for x in sheet.steps]),
        _html_table("Lymphodepletion", ("drug", "how", "dose", "2nd person finds"),
                    [(x.what, x.how, x.value, "") for x in sheet.drugs]) if sheet.drugs else "",
        f"<h2>Verdict</h2>{told}{warned}",
        _html_table("Signatures", ("", "name", "signature", "date and time"), [(who, "", "", "") for who in _SIGNERS]),
    ]  # fmt: skip
    style = "<style>table{width:100%}td{height:1.5em;border:1px solid #999}td:last-child{min-width:9em}</style>"
    return page(_title(head), _subtitle(head), [style, *parts], _foot(head))


_SIGNERS = ("Prepared by", "Checked by (another person)", "Infused by")


def _html_table(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in columns)
    body = "\n".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<table><caption>{escape(title)}</caption><thead><tr>{head}</tr></thead><tbody>\n{body}\n</tbody></table>"


def worksheet_pdf(sheet: Worksheet) -> bytes:
    """The sheet as a PDF on A4, for printing; the same sheet gives the same bytes."""
    import typst

    return bytes(typst.compile(_typst(sheet).encode(), format="pdf", timestamp=0))


def worksheet_png(sheet: Worksheet) -> bytes:
    """The first page as a picture, to look at."""
    import typst

    made: Any = typst.compile(_typst(sheet).encode(), format="png", ppi=110)
    return bytes(made[0] if isinstance(made, list) else made)


def _typst(sheet: Worksheet) -> str:
    head = sheet.heading
    blank = "[#box(width: 100%, height: 0.9em)]"
    tables = [
        _typst_table("Product and participant", "(1.4fr, 1.4fr, 1.4fr, 1.2fr, 0.8fr, 0.8fr)",
                     ("identifier", "participant", "label", "comparison", "1st check", "2nd check"),
                     [[*map(_content, row), blank, blank] for row in sheet.identity]),
        _typst_table("Entries", "(1.6fr, 2fr, 1.3fr, 1.3fr)", ("entry", "", "value", "2nd person reads"),
                     [[_content(x.what), _content(x.how), _content(x.value), blank] for x in sheet.entries]),
        _typst_table("Steps", "(1.6fr, 2fr, 1.3fr, 1.3fr)", ("step", "how", "result", "2nd person finds"),
                     [[_content(x.what), _content(x.how), _content(x.value), blank] for x in sheet.steps]),
    ]  # fmt: skip
    if sheet.drugs:
        rows = [[_content(x.what), _content(x.how), _content(x.value), blank] for x in sheet.drugs]
        tables.append(
            _typst_table(
                "Lymphodepletion", "(1.6fr, 2fr, 1.3fr, 1.3fr)", ("drug", "how", "dose", "2nd person finds"), rows
            )
        )
    signing = [[_content(who), blank, blank, blank] for who in _SIGNERS]
    tables.append(
        _typst_table("Signatures", "(1.6fr, 1.4fr, 1.6fr, 1.4fr)", ("", "name", "signature", "date and time"), signing)
    )
    verdict = "\n".join(f"#block(above: 5pt)[*{_escaped(line)}*]" for line in sheet.verdict)
    warned = "\n".join(f"#warning[{_escaped(line)}]" for line in sheet.warnings)
    banner = "#warning[*SYNTHETIC DATA: the person is invented.*]\n" if head.synthetic else ""
    banner += "\n".join(f"#warning[*{_escaped(alarm)}*]" for alarm in sheet.alarms)
    return (
        f'{_PREAMBLE.replace("FOOT", _escaped(_foot(head)))}\n#text(15pt, weight: "bold")[{_escaped(_title(head))}]\n\n'
        f"#text(fill: luma(90))[{_escaped(_subtitle(head))}]\n{banner}\n"
        + "\n".join(tables[:-1])
        + f"\n== Verdict\n{verdict}\n{warned}\n{tables[-1]}\n"
    )


_PREAMBLE = """
#set document(title: "Infusion worksheet", date: none)
#set page(paper: "a4", margin: (x: 1.6cm, top: 1.4cm, bottom: 1.6cm), footer: text(7.5pt, fill: luma(90))[FOOT])
#set text(size: 9pt, font: ("Libertinus Serif", "New Computer Modern"))
#show heading: it => block(above: 9pt, below: 5pt, text(11pt, it.body))
#let warning(body) = block(width: 100%, above: 4pt, below: 4pt, inset: (x: 6pt, y: 4pt),
  stroke: (left: 3pt + rgb("#b00020")), fill: rgb("#fdf1f1"), body)
#set table(stroke: 0.4pt + luma(150), inset: (x: 4pt, y: 4.2pt))
"""


def _typst_table(title: str, widths: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    head = ", ".join(f"[*{_escaped(name)}*]" for name in columns)
    body = ",\n  ".join(", ".join(row) for row in rows)
    return f"== {_escaped(title)}\n#table(columns: {widths}, table.header({head}),\n  {body})"


def _content(text: str) -> str:
    return f"[{_escaped(text)}]" if text else "[]"


def _escaped(text: str) -> str:
    """Text for typst markup: every character that means something there is written as itself."""
    return "".join(f"\\{char}" if char in "\\#$*_`<>@[]~=-+/'\"" else char for char in text)


def _title(head: Heading) -> str:
    return f"Infusion worksheet: participant {head.participant or '…'}"


def _subtitle(head: Heading) -> str:
    parts = (
        head.study,
        head.product,
        f"assigned {head.level}",
        head.infusion_date and f"infusion {head.infusion_date}",
    )
    return " · ".join(part for part in parts if part) + " · for an independent check by a second person"


def _foot(head: Heading) -> str:
    filled = "The empty columns are filled in by hand, from the source documents, before infusion."
    return f"Escalon {head.version}. {filled} Not a medical device."
