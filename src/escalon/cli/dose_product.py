"""`escalon dose product`: what to give, what was given, and the sheet to check it on."""

import json
from datetime import datetime
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from escalon.cli.dose_entries import Text, amount, asked, say_notes, share, shown, tracked, wrong
from escalon.cli.dose_lymphodepletion import lymphodepletion

if TYPE_CHECKING:
    from escalon.facts import Finding
    from escalon.instruments.product.dose_window import DoseAdjustment, DoseLevel
    from escalon.instruments.product.infusion import Bag, Infusion
    from escalon.protocol.study import Study

__all__ = ["lymphodepletion", "product"]


def product(
    study: Annotated[str, typer.Argument(help="A bundled study's name (nct07052565) or a study folder.")],
    level: Annotated[int | None, typer.Option(help="The assigned dose level, by its number.")] = None,
    weight: Annotated[Text, typer.Option(help="Body weight to dose on: 55 kg.")] = None,
    weight_date: Annotated[Text, typer.Option(help="The day it was taken.")] = None,
    leukapheresis_weight: Annotated[Text, typer.Option(help="Body weight at leukapheresis: 57 kg.")] = None,
    infusion_date: Annotated[Text, typer.Option(help="The day of infusion.")] = None,
    cells_per_ml: Annotated[Text, typer.Option(help="Nucleated cells per mL after thaw: 2.5e6.")] = None,
    viability: Annotated[Text, typer.Option(help="After thaw, with its sign: 85%. Never assumed.")] = None,
    car_fraction: Annotated[Text, typer.Option(help="CAR-positive cells, with its sign: 40%.")] = None,
    car_gate: Annotated[str, typer.Option(help="CAR-positive among viable cells, or among all (total).")] = "viable",
    release_viability: Annotated[Text, typer.Option(help="At release; kept beside, never used instead.")] = None,
    volume: Annotated[Text, typer.Option(help="Volume of the bag in mL, once given.")] = None,
    residual: Annotated[Text, typer.Option(help="What stayed in bag and line, in mL.")] = None,
    cells: Annotated[
        Text, typer.Option(help="Viable CAR-positive cells given, if the laboratory reports that.")
    ] = None,
    participant: Annotated[str, typer.Option(help="The participant's code.")] = "",
    patient_id: Annotated[
        list[str] | None, typer.Option(help="An identifier of the person: product=E01-7. Repeat.")
    ] = None,
    label_id: Annotated[list[str] | None, typer.Option(help="The same identifier on the label. Repeat.")] = None,
    checked_by: Annotated[list[str] | None, typer.Option(help="Who compared them; two people.")] = None,
    reason: Annotated[Text, typer.Option(help="Why the dose was adjusted or came out different.")] = None,
    author: Annotated[Text, typer.Option(help="Who decided the adjustment.")] = None,
    at: Annotated[Text, typer.Option(help="When: 2025-03-14T09:30+08:00.")] = None,
    analysis_level: Annotated[int | None, typer.Option(help="Level to analyse under, if a person decided one.")] = None,
    worksheet: Annotated[Path | None, typer.Option(help="Write the sheet for a second person: .html or .pdf.")] = None,
    table: Annotated[Path | None, typer.Option(help="Judge every row of a CSV or Parquet file instead.")] = None,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="Where the judged table goes; else the screen.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")] = False,
) -> None:
    """Cells to give, the volume that holds them, and whether what was given is the assigned dose.

    Levels and window come from the study; every factor must be known, and a missing viability is never 100 %.
    Without --volume or --cells this plans; with one of them it judges. Exit code 1: outside the window, or not known.

    escalon dose product nct07052565 --level 2 --weight 55kg --cells-per-ml 2.5e6 --viability 85% --car-fraction 40%

    escalon dose product nct07052565 --level 3 --weight 70kg --cells 3.36e7 --json

    escalon dose product nct07052565 --table doses.csv -o judged.csv
    """
    from escalon.protocol.load import load_study

    plan = load_study(study)
    if table is not None:
        _judge_table(plan, table, output, as_json)
        return
    if level is None:
        wrong("--level is needed: the level this participant was assigned")
    bag = asked(
        lambda: _bag(
            cells_per_ml=cells_per_ml, viability=viability, car_fraction=car_fraction, car_gate=car_gate,
            release_viability=release_viability, volume=volume, residual=residual, cells=cells,
        )
    )  # fmt: skip
    kilograms = asked(lambda: _weight(plan, weight, weight_date, leukapheresis_weight, infusion_date))
    adjustment = asked(lambda: _adjustment(reason, author, at, analysis_level))
    identity = asked(lambda: _identity(participant, patient_id or [], label_id or [], checked_by or []))
    found = asked(lambda: _infusion(plan, level or 0, bag, kilograms, adjustment))
    if worksheet is not None:
        asked(lambda: _write_sheet(worksheet, plan, level or 0, participant, infusion_date, bag, found, identity))
    if as_json:
        typer.echo(json.dumps(_as_json(found, identity), ensure_ascii=False, indent=2))
    else:
        _print_infusion(plan, level or 0, found, identity)
        if worksheet is not None:
            typer.echo(f"Worksheet for a second person: {worksheet}")
    raise typer.Exit(_code(found, identity))


def _bag(**given: Any) -> "Bag":
    from escalon.instruments.product.infusion import Bag

    if given["car_gate"] not in ("viable", "total"):
        raise ValueError(f"--car-gate {given['car_gate']!r} is not known. Write viable or total")
    return Bag(
        cells_per_ml=amount("cells-per-ml", given["cells_per_ml"], "{cells}/mL"),
        viability=share("viability", given["viability"]),
        car_fraction=share("car-fraction", given["car_fraction"]),
        car_gate=given["car_gate"],
        volume=amount("volume", given["volume"], "mL"),
        residual=amount("residual", given["residual"], "mL"),
        release_viability=share("release-viability", given["release_viability"]),
        cells=amount("cells", given["cells"], "{cells}"),
    )


def _weight(study: "Study", weight: Text, taken: Text, at_leukapheresis: Text, infusion_date: Text) -> "Finding":
    """The weight to dose on by the study's window; without dates it is taken as given, flagged."""
    from escalon.facts import Day, Fact, Finding, Status
    from escalon.instruments.product.dosing_weight import dosing_weight

    kilograms, before = amount("weight", weight, "kg"), amount("leukapheresis-weight", at_leukapheresis, "kg")
    if any(kg is not None and not 10 <= kg <= 400 for kg in (kilograms, before)):
        raise ValueError("a body weight is from 10 to 400 kg")
    if kilograms is None and before is None:
        return Finding(
            "dosing_weight", None, Status.MISSING, unit="kg", missing=("weight",), reasons=("no weight given",)
        )
    day = Day.parse(taken) if taken else None
    facts = [Fact("weight", before, unit="kg", visit="leukapheresis")] if before is not None else []
    if infusion_date is None or (kilograms is not None and day is None):
        return _undated(kilograms if kilograms is not None else before, facts, study)
    facts += [Fact("weight", kilograms, day, "kg")] if kilograms is not None else []
    window = study.dose.weight_window
    days = window.number * {"day": 1, "week": 7}.get(window.unit, 0)
    if not days:
        raise ValueError(f"the study's weight window is {window}: write it in days or weeks")
    return dosing_weight(facts, Day.parse(infusion_date), days, study.dose.weight_change_flag)


def _undated(kilograms: Fraction | None, facts: "list[Any]", study: "Study") -> "Finding":
    """A weight without its day: used as given, and said so; the change since leukapheresis is still looked at."""
    from dataclasses import replace

    from escalon.facts import Day, Fact
    from escalon.instruments.product.dosing_weight import dosing_weight

    today = Day(2000, 1, 1)  # both stand on one day, so that the window cannot decide; only the change is compared
    found = dosing_weight([*facts, Fact("weight", kilograms, today, "kg")], today, 0, study.dose.weight_change_flag)
    reason = f"the day of the weight or of infusion is not given, so its age (at most {study.dose.weight_window}) is not checked"
    return replace(
        found,
        components={key: part for key, part in found.components.items() if key != "taken"},
        flags=(*found.flags, "weight_date_not_known"),
        reasons=(*found.reasons, reason),
        rests_on=tuple(replace(fact, day=None) if isinstance(fact, Fact) else fact for fact in found.rests_on),
    )


def _adjustment(reason: Text, author: Text, at: Text, analysis_level: int | None) -> "DoseAdjustment | None":
    from escalon.instruments.product.dose_window import DoseAdjustment

    if reason is None and author is None and at is None:
        if analysis_level is not None:
            raise ValueError("--analysis-level is a decision: give --reason, --author and --at with it")
        return None
    if not (reason and author and at):
        raise ValueError("an adjustment needs --reason, --author and --at together")
    try:
        when = datetime.fromisoformat(at)
    except ValueError:
        raise ValueError(f"--at {at!r} is not a time. Write it as 2025-03-14T09:30+08:00") from None
    return DoseAdjustment(reason, author, when, analysis_level)


def _identity(participant: str, patient: list[str], label: list[str], checked_by: list[str]) -> "Finding | None":
    from escalon.instruments.product.identity import check_identity

    if not patient and not label:
        return None
    sides = []
    for name, pairs in (("patient-id", patient), ("label-id", label)):
        side = {}
        for pair in pairs:
            key, equals, value = pair.partition("=")
            if not equals:
                raise ValueError(f"--{name} {pair!r} names no identifier. Write --{name} product=E01-7")
            side[key.strip()] = value
        sides.append(side)
    one, other = sides
    return check_identity(one, other, tuple(dict.fromkeys((*one, *other))), checked_by)


def _levels(study: "Study") -> "list[DoseLevel]":
    from escalon.instruments.product.dose_window import DoseLevel

    return [DoseLevel(level.number, level.cells_per_kg) for level in study.dose.levels]


def _infusion(
    study: "Study", level: int, bag: "Bag", weight: "Finding", adjustment: "DoseAdjustment | None" = None
) -> "Infusion":
    from escalon.instruments.product.infusion import calculate

    levels = _levels(study)
    assigned = next((one for one in levels if one.number == level), None)
    if assigned is None:
        raise ValueError(f"there is no level {level}. Levels of {study.id}: {', '.join(str(x.number) for x in levels)}")
    return calculate(bag, weight, assigned, levels, study.dose.tolerance, adjustment, study.dose.cells_cap)


def _code(found: "Infusion", identity: "Finding | None") -> int:
    """0 when planned or inside the window, 1 when the answer is no or not known, 2 when an input is impossible."""
    from escalon.facts import Status

    steps = found.findings().values() if found.was_given else (found.weight, found.target, found.to_infuse)
    if any(step.status is Status.INVALID for step in steps):
        return 2
    if identity is not None and identity.value is not True:
        return 1
    if found.was_given:
        return 0 if found.verdict.value is True else 1
    return 0 if found.to_infuse.value is not None else 1


def _as_json(found: "Infusion", identity: "Finding | None") -> dict[str, Any]:
    steps = {name: step.as_json() for name, step in found.findings().items()}
    return {"was_given": found.was_given, **steps, "identity": None if identity is None else identity.as_json()}


def _print_infusion(study: "Study", level: int, found: "Infusion", identity: "Finding | None") -> None:
    from escalon.reporting.significant import times_ten

    parts = found.to_infuse.components
    dose = study.dose.level(level).cells_per_kg
    lines = [
        ("assigned", f"level {level}: {times_ten(dose, 2)} cells/kg"),
        ("weight", shown(found.weight.value, "kg")),
        ("cells to give", times_ten(found.target.value)),
        ("volume to infuse", shown(found.to_infuse.value, "mL")),
    ]
    if "lowest_volume" in parts:
        lines.append(
            ("inside the window", f"{float(parts['lowest_volume']):.2f} to {float(parts['highest_volume']):.2f} mL")
        )
        lines.append(("volume to load", shown(parts["volume_to_load"], "mL")))
    if found.was_given:
        known = found.per_kg.value is not None
        lines.append(("cells given", times_ten(found.cells.value) if found.cells.value is not None else "not known"))
        lines.append(("dose given", f"{times_ten(found.per_kg.value)} cells/kg" if known else "not known"))
        lines.append(("verdict", "; ".join(found.verdict.reasons) or "not known"))
        lines.append(("delivered level", str(found.verdict.components.get("level_delivered") or "none")))
    if identity is not None:
        lines.append(("identity", "; ".join((identity.category or "", *identity.reasons))))
    width = max(len(name) for name, _ in lines)
    for name, value in lines:
        typer.echo(f"{name:<{width}}  {value}")
    say_notes(_worth_saying(found, identity), said=found.verdict.reasons if found.was_given else ())


def _worth_saying(found: "Infusion", identity: "Finding | None") -> "list[Finding]":
    """The steps that matter: those of the plan, or those of what was given; not a volume nobody asked for."""
    planned, given = [found.target, found.to_infuse], [found.infused, found.cells, found.per_kg, found.verdict]
    if found.was_given:
        steps = [found.target, *given] if "cells_as_reported" in found.cells.flags else [*planned, *given]
        steps = [step for step in steps if step is not found.infused or step.value is not None or step.reasons]
    else:
        steps = planned
    return [found.weight, *steps, *([identity] if identity else [])]


def _write_sheet(
    path: Path, study: "Study", level: int, participant: str, infusion_date: Text, bag: "Bag", found: "Infusion",
    identity: "Finding | None",
) -> None:  # fmt: skip
    import escalon
    from escalon.reporting.infusion_worksheet import Heading, worksheet, worksheet_html, worksheet_pdf
    from escalon.reporting.significant import times_ten

    if path.suffix not in (".html", ".pdf"):
        raise ValueError(f"--worksheet {path}: write a name that ends in .html or .pdf")
    dose = times_ten(study.dose.level(level).cells_per_kg, 2)
    heading = Heading(
        f"{study.id.upper()} (version {study.version})", participant, f"level {level} ({dose} cells/kg)",
        infusion_date or "", study.dose.product, version=escalon.__version__,
    )  # fmt: skip
    sheet = worksheet(heading, bag, found, identity)
    if path.suffix == ".html":
        path.write_text(worksheet_html(sheet), encoding="utf-8")
    else:
        path.write_bytes(worksheet_pdf(sheet))


_TABLE_COLUMNS = "participant level weight cells_per_ml viability car_fraction car_gate volume residual cells".split()
_ADDED = "cells_given cells_per_kg deviation_percent in_window level_delivered flags reasons".split()


def _judge_table(study: "Study", table: Path, output: Path | None, as_json: bool) -> None:
    """Every row judged; a row that cannot be read stops the whole table, named with its line."""
    from escalon.casebook.folder import read_table
    from escalon.reporting.tables.grid import csv_text

    read = read_table(table)
    unknown = [name for name in read.columns if name not in _TABLE_COLUMNS]
    absent = [name for name in ("participant", "level", "weight") if name not in read.columns]
    if unknown or absent:
        what = f"column {absent[0]} is missing" if absent else f"column {unknown[0]!r} is not known"
        wrong(f"{table.name}:1: {what}. Columns: {', '.join(_TABLE_COLUMNS)}")
    judged, problems = [], []
    for row in tracked(read.rows):
        try:
            judged.append(_judged(study, row.cells))
        except ValueError as error:
            problems.append(f"{table.name}:{row.line}: {str(error).removeprefix('--')}")
    if problems:
        for problem in problems:
            typer.echo(problem, err=True)
        typer.echo(f"escalon: {len(problems)} of {len(read.rows)} rows cannot be read; nothing was judged", err=True)
        raise typer.Exit(2)
    if as_json:
        text = json.dumps(
            [dict(zip((*read.columns, *_ADDED), row, strict=True)) for row in judged], ensure_ascii=False, indent=2
        )
    else:
        text = csv_text((*read.columns, *_ADDED), judged).rstrip("\n")
    if output:
        output.write_text(text + "\n", encoding="utf-8")
        typer.echo(f"{len(judged)} rows judged: {output}")
    else:
        typer.echo(text)
    raise typer.Exit(0 if all(row[len(read.columns) + 3] == "yes" for row in judged) else 1)


def _judged(study: "Study", cells: Any) -> list[Any]:
    """One row with what was concluded behind it."""
    from escalon.facts import jsonable

    given = {name: cells.get(name) or None for name in _TABLE_COLUMNS}
    names = ("cells_per_ml", "viability", "car_fraction", "volume", "residual", "cells")
    bag = _bag(**{name: given[name] for name in names}, car_gate=given["car_gate"] or "viable", release_viability=None)
    if not (given["level"] or "").isdigit():
        raise ValueError(f"level {given['level']!r} is not a number of a level")
    weight = _weight(study, given["weight"], None, None, None)
    found = _infusion(study, int(given["level"] or 0), bag, weight)
    parts, verdict = found.verdict.components, {True: "yes", False: "no", None: "not known"}[found.verdict.value]  # type: ignore[index]
    flags = dict.fromkeys((*found.per_kg.flags, *found.verdict.flags))
    return [
        *cells.values(), jsonable(found.cells.value), jsonable(found.per_kg.value),
        jsonable(parts.get("deviation_percent")), verdict, parts.get("level_delivered"), " ".join(flags),
        "; ".join(found.verdict.reasons),
    ]  # fmt: skip
