"""`escalon dose product`: what to give, what was given, and the sheet to check it on."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer import Option

from escalon.cli.dose_entries import (
    Text,
    adjustment_of,
    asked,
    bag_of,
    identity_of,
    release_of,
    say_notes,
    shown,
    surface_of,
    weight_of,
)
from escalon.cli.loading import Readings, StudyName, read_study
from escalon.cli.output import AsJson, fail, print_json, say, write

if TYPE_CHECKING:
    from escalon.facts import Finding
    from escalon.instruments.product.infusion import Bag, Infusion
    from escalon.protocol.study import Study


def product(
    study: StudyName,
    level: Annotated[int | None, Option(help="The assigned dose level, by its number.")] = None,
    weight: Annotated[Text, Option(help="Body weight to dose on: 55 kg.")] = None,
    weight_date: Annotated[Text, Option(help="The day it was taken.")] = None,
    leukapheresis_weight: Annotated[Text, Option(help="Body weight at leukapheresis: 57 kg.")] = None,
    infusion_date: Annotated[Text, Option(help="The day of infusion.")] = None,
    cells_per_ml: Annotated[Text, Option(help="Nucleated cells per mL after thaw: 2.5e6.")] = None,
    viability: Annotated[Text, Option(help="After thaw, with its sign: 85%. Never assumed.")] = None,
    car_fraction: Annotated[Text, Option(help="CAR-positive cells, with its sign: 40%.")] = None,
    car_gate: Annotated[str, Option(help="CAR-positive among viable cells, or among all (total).")] = "viable",
    release_viability: Annotated[Text, Option(help="At release; kept beside, never used instead.")] = None,
    volume: Annotated[Text, Option(help="Volume of the bag in mL, once given.")] = None,
    residual: Annotated[Text, Option(help="What stayed in bag and line, in mL.")] = None,
    cells: Annotated[Text, Option(help="Viable CAR-positive cells given, if the laboratory reports that.")] = None,
    given: Annotated[Text, Option(help="What was given in all, of a product not counted in cells: '24 mg'.")] = None,
    height: Annotated[Text, Option(help="Body height, for a dose by body surface: 165 cm.")] = None,
    participant: Annotated[str, Option(help="The participant's code.")] = "",
    patient_id: Annotated[list[str] | None, Option(help="An identifier of the person: product=E01-7. Repeat.")] = None,
    label_id: Annotated[list[str] | None, Option(help="The same identifier on the label. Repeat.")] = None,
    checked_by: Annotated[list[str] | None, Option(help="Who compared them; two people.")] = None,
    release: Annotated[
        list[str] | None, Option(help="A release result against customary limits: viability=88%. Repeat.")
    ] = None,
    reason: Annotated[Text, Option(help="Why the dose was adjusted or came out different.")] = None,
    author: Annotated[Text, Option(help="Who decided the adjustment.")] = None,
    at: Annotated[Text, Option(help="When: 2025-03-14T09:30+08:00.")] = None,
    analysis_level: Annotated[int | None, Option(help="Level to analyse under, if a person decided one.")] = None,
    worksheet: Annotated[Path | None, Option(help="Write the sheet for a second person: .html or .pdf.")] = None,
    table: Annotated[Path | None, Option(help="Judge every row of a CSV or Parquet file instead.")] = None,
    readings: Readings = None,
    output: Annotated[
        Path | None, Option("-o", "--output", help="Where the judged table goes; else the screen.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Cells to give, the volume that holds them, and whether what was given is the assigned dose.

    Levels and window come from the study; every factor must be known, and a missing viability is never 100 %.
    Without --volume or --cells this plans; with one of them it judges. Exit code 1: outside the window, or not known.

    escalon dose product {study} --level 2 --weight 55kg --cells-per-ml 2.5e6 --viability 85% --car-fraction 40%

    escalon dose product {study} --level 3 --weight 70kg --cells 3.36e7 --json

    escalon dose product {study} --table doses.csv -o judged.csv
    """
    from escalon.conduct.judge.dose_day import steps_of

    plan = read_study(study, readings)
    if table is not None:
        from escalon.cli.dose_table import judge_table

        judge_table(plan, table, output, as_json)
        return
    if level is None:
        fail("--level is needed: the level this participant was assigned")
    bag = asked(
        lambda: bag_of(
            plan, cells_per_ml=cells_per_ml, viability=viability, car_fraction=car_fraction, car_gate=car_gate,
            release_viability=release_viability, volume=volume, residual=residual, cells=cells, given=given,
        )
    )  # fmt: skip
    kilograms = asked(lambda: weight_of(plan, weight, weight_date, leukapheresis_weight, infusion_date))
    adjustment = asked(lambda: adjustment_of(reason, author, at, analysis_level))
    identity = asked(lambda: identity_of(participant, patient_id or [], label_id or [], checked_by or []))
    released = asked(lambda: release_of(release or []))
    surface = asked(lambda: surface_of(plan, height, kilograms))
    found = asked(lambda: steps_of(plan, level, bag, kilograms, adjustment, surface))
    beside = {"identity": identity, "release": released}
    if worksheet is not None:
        asked(lambda: _write_sheet(worksheet, plan, level, participant, infusion_date, bag, found, beside))
    if as_json:
        print_json(_as_json(found, beside))
    else:
        _print_infusion(plan, level, found, beside, surface)
        if worksheet is not None:
            say(f"Worksheet for a second person: {worksheet}")
    raise typer.Exit(_code(found, identity))


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
    planned = found.to_infuse if found.dose.is_cells else found.target
    return 0 if planned.value is not None else 1


def _as_json(found: "Infusion", beside: "dict[str, Finding | None]") -> dict[str, Any]:
    steps = {name: step.as_json() for name, step in found.findings().items()}
    others = {name: None if finding is None else finding.as_json() for name, finding in beside.items()}
    return {"was_given": found.was_given, **steps, **others}


def _print_infusion(
    study: "Study", level: int, found: "Infusion", beside: "dict[str, Finding | None]", surface: "Finding | None"
) -> None:
    from escalon.reporting.printed import times_ten

    parts = found.to_infuse.components
    dose = found.dose
    counted = dose.is_cells
    total = times_ten if counted else (lambda value: shown(value, dose.shown_unit.partition("/")[0]))
    lines = [("assigned", f"level {level}: {dose}")]
    if dose.per:
        lines.append(("weight", shown(found.weight.value, "kg")))
    if surface is not None:
        lines.append(
            ("body surface", "not known" if surface.value is None else f"{float(surface.value):.4f} m² (Mosteller)")
        )
    lines.append(("cells to give" if counted else "dose to give", total(found.target.value)))
    if counted:
        lines.append(("volume to infuse", shown(found.to_infuse.value, "mL")))
    if "lowest_volume" in parts:
        lines.append(
            ("inside the window", f"{float(parts['lowest_volume']):.2f} to {float(parts['highest_volume']):.2f} mL")
        )
        lines.append(("volume to load", shown(parts["volume_to_load"], "mL")))
    if found.was_given:
        known = found.per_kg.value is not None
        if counted:
            lines.append(
                ("cells given", times_ten(found.cells.value) if found.cells.value is not None else "not known")
            )
        lines.append(("dose given", _dose_text(found) if known else "not known"))
        lines.append(("verdict", "; ".join(found.verdict.reasons) or "not known"))
        lines.append(("delivered level", str(found.verdict.components.get("level_delivered") or "none")))
    others = {name: finding for name, finding in beside.items() if finding is not None}
    lines += [(name, "; ".join((finding.category or "", *finding.reasons))) for name, finding in others.items()]
    width = max(len(name) for name, _ in lines)
    for name, value in lines:
        say(f"{name:<{width}}  {value}")
    say_notes([*_worth_saying(found), *others.values()], said=found.verdict.reasons if found.was_given else ())


def _dose_text(found: "Infusion") -> str:
    from dataclasses import replace

    from escalon.facts import exact
    from escalon.reporting.printed import times_ten

    if found.dose.is_cells:
        return f"{times_ten(found.per_kg.value)} {found.dose.shown_unit}"
    return str(replace(found.dose, value=exact(found.per_kg.value)))  # type: ignore[arg-type]


def _worth_saying(found: "Infusion") -> "list[Finding]":
    """The steps that matter: those of the plan, or those of what was given; not a volume nobody asked for."""
    if not found.dose.is_cells:
        steps = [found.target, *([found.cells, found.per_kg, found.verdict] if found.was_given else [])]
        return [found.weight, *steps] if found.dose.per else steps
    planned, given = [found.target, found.to_infuse], [found.infused, found.cells, found.per_kg, found.verdict]
    if found.was_given:
        steps = [found.target, *given] if "cells_as_reported" in found.cells.flags else [*planned, *given]
        steps = [step for step in steps if step is not found.infused or step.value is not None or step.reasons]
    else:
        steps = planned
    return [found.weight, *steps] if found.dose.per else steps


def _write_sheet(
    path: Path, study: "Study", level: int, participant: str, infusion_date: Text, bag: "Bag", found: "Infusion",
    beside: "dict[str, Finding | None]",
) -> None:  # fmt: skip
    from escalon.reporting import html, typst
    from escalon.reporting.infusion_worksheet import Heading, worksheet

    if path.suffix not in (".html", ".pdf"):
        raise ValueError(f"--worksheet {path}: write a name that ends in .html or .pdf")
    if not found.dose.is_cells:
        raise ValueError(f"--worksheet is for a dose of cells, and this study's is in {found.dose.shown_unit}")
    heading = Heading(
        study.id, participant, f"level {level} ({found.dose})",
        infusion_date or "", study.dose.product, version=study.version,
    )  # fmt: skip
    sheet = worksheet(heading, bag, found, beside["identity"], release=beside["release"])
    write(path, html.page(sheet) if path.suffix == ".html" else typst.pdf(sheet))
