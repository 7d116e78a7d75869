"""`escalon dose lymphodepletion`: cyclophosphamide and fludarabine in mg."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer import Option

from escalon.cli.dose_entries import Text, amount, asked, say_notes, shown
from escalon.cli.input_table import each_row, read_rows
from escalon.cli.loading import Readings, StudyName, read_study
from escalon.cli.output import AsJson, give_rows, print_json, say

if TYPE_CHECKING:
    from escalon.cli.input_table import Cells
    from escalon.facts import Finding
    from escalon.instruments.product.lymphodepletion import Regimen
    from escalon.protocol.study import Lymphodepletion, Study


def lymphodepletion(
    study: StudyName,
    regimen: Annotated[Text, Option(help="The regimen by name; without it the one the folder has chosen.")] = None,
    height: Annotated[Text, Option(help="Height with its unit: 165cm.")] = None,
    weight: Annotated[Text, Option(help="Actual body weight: 62kg.")] = None,
    clearance: Annotated[Text, Option(help="Creatinine clearance in mL/min; or the next three.")] = None,
    age: Annotated[int | None, Option(help="Completed years, for Cockcroft–Gault.")] = None,
    sex: Annotated[Text, Option(help="female or male, for Cockcroft–Gault.")] = None,
    creatinine: Annotated[Text, Option(help="Serum creatinine with its unit: '70 umol/L'.")] = None,
    confirm: Annotated[
        Text, Option(help="What was checked and stands though it is unusual: weight,creatinine.")
    ] = None,
    formula: Annotated[str, Option(help="Body surface area: mosteller or dubois.")] = "mosteller",
    policy: Annotated[Text, Option(help="Fludarabine by renal function: us_2010 or legacy_20pct.")] = None,
    round_to: Annotated[Text, Option("--round", help="Round each dose to a multiple of this: 5 mg.")] = None,
    rounding: Annotated[str, Option(help="nearest or down.")] = "nearest",
    signed_by: Annotated[Text, Option(help="Who signed the regimen for this study.")] = None,
    readings: Readings = None,
    table: Annotated[Path | None, Option(help="A CSV or Parquet file with a row per participant instead.")] = None,
    output: Annotated[Path | None, Option("-o", "--output", help="Where the table goes; else the screen.")] = None,
    as_json: AsJson = False,
) -> None:
    """Cyclophosphamide and fludarabine in mg, from body surface area and renal function.

    By the regimen the study's folder has chosen. Where it leaves that open one has to be named, and every dose is marked as
    unconfirmed until it is signed.
    Exit code 1: a dose is contraindicated or cannot be known.

    escalon dose lymphodepletion {study} --regimen autoimmune_A --height 165cm --weight 62kg --clearance 95

    escalon dose lymphodepletion {study} --regimen oncology_B --height 170cm --weight 70kg --age 45 --sex male
    --creatinine '120 umol/L' --round 5
    """
    plan = read_study(study, readings)
    options = {"regimen": regimen, "formula": formula, "policy": policy, "round_to": round_to, "rounding": rounding,
               "signed_by": signed_by}  # fmt: skip
    if table is not None:
        _lymphodepletion_table(plan, table, options, output, as_json)
        return
    given = {
        "height": height,
        "weight": weight,
        "clearance": clearance,
        "age": age,
        "sex": sex,
        "creatinine": creatinine,
        "confirm": confirm,
    }
    area, renal, doses = asked(lambda: _lymphodepletion(plan, given, options))
    if as_json:
        inputs = {"body_surface_area": area.as_json(), "creatinine_clearance": renal.as_json()}
        print_json(inputs | {"doses": [dose.as_json() for dose in doses]})
    else:
        _print_doses(area, renal, doses)
    raise typer.Exit(_dose_code((area, renal), doses))


def _lymphodepletion(
    study: "Study", given: dict[str, Any], options: dict[str, Any]
) -> "tuple[Finding, Finding, list[Finding]]":
    """Body surface area, creatinine clearance and every dose, exact and (if asked) rounded after it."""
    from escalon.conduct.judge.lymphodepletion import body_surface, question_of, signer_of
    from escalon.instruments.product.lymphodepletion import lymphodepletion as calculated
    from escalon.instruments.product.lymphodepletion import round_dose

    if study.lymphodepletion is None:
        raise ValueError(
            f"{study.id} has no lymphodepletion, so there is nothing to calculate. "
            'Where the protocol has one, write it in the folder: [lymphodepletion] with drugs = ["fludarabine"]'
        )
    policy: Any = options["policy"] or study.lymphodepletion.renal_policy
    for name, value, known in (
        ("policy", policy, ("us_2010", "legacy_20pct")),
        ("rounding", options["rounding"], ("nearest", "down")),
    ):
        if value not in known:
            raise ValueError(f"--{name} {value!r} is not known. Write {' or '.join(known)}")
    area = body_surface(study, given["height"], given["weight"], formula=options["formula"], **_checked(given, SURFACE))
    renal = _clearance(given)
    regimen = _regimen(study.lymphodepletion, options["regimen"])
    signer = options["signed_by"] or signer_of(study, regimen)
    doses = list(calculated(regimen, area, renal, signer, policy, question_of(study)))
    step = amount("round", options["round_to"], "mg")
    if step is not None:
        doses += [round_dose(dose, step, options["rounding"]) for dose in doses if dose.unit == "mg"]
    return area, renal, doses


def _clearance(given: dict[str, Any]) -> "Finding":
    """The clearance as given, or by Cockcroft–Gault from age, sex, weight and creatinine."""
    from escalon.facts import Finding, Status
    from escalon.instruments import assess

    value = amount("clearance", given["clearance"], "mL/min")
    if value is not None:
        if not 0 <= value <= 400:
            raise ValueError("--clearance is from 0 to 400 mL/min")
        if given["creatinine"]:
            raise ValueError(
                "--clearance and --creatinine say the clearance twice. Leave out the one that does not stand"
            )
        return Finding("creatinine_clearance", value, unit="mL/min", reasons=("as given",))
    items = {name: given[name] for name in ("age", "sex", "creatinine")}
    if not any(items.values()):
        return Finding("creatinine_clearance", None, Status.MISSING, unit="mL/min", missing=("creatinine_clearance",))
    return assess("cockcroft_gault", weight=given["weight"], **items, **_checked(given, CLEARANCE))


SURFACE, CLEARANCE = ("height", "weight"), ("weight", "age", "creatinine")
"""What may be unusual and stand, of the body surface and of the clearance."""


def _checked(given: dict[str, Any], names: tuple[str, ...]) -> dict[str, str]:
    """What of these somebody confirmed, as `assess` takes it. Raises ValueError for a name that asks for no confirmation."""
    said = [one.strip() for one in (given["confirm"] or "").split(",") if one.strip()]
    known = dict.fromkeys((*SURFACE, *CLEARANCE))
    for one in said:
        if one not in known:
            raise ValueError(f"--confirm {one}: write one or more of {', '.join(known)} with commas between")
    here = ",".join(one for one in said if one in names)
    return {"confirm": here} if here else {}


def _regimen(plan: "Lymphodepletion", name: Text) -> "Regimen | None":
    """The named regimen among the study's own and the published ones; without a name what the study has chosen, if it has."""
    from escalon.conduct.judge.lymphodepletion import own_regimens
    from escalon.instruments.product.lymphodepletion import regimen_named

    wanted = name or plan.chosen
    return None if wanted is None else regimen_named(wanted, own_regimens(plan))


def _dose_code(inputs: "tuple[Finding, ...]", doses: "list[Finding]") -> int:
    from escalon.facts import Status

    if any(finding.status is Status.INVALID for finding in inputs):
        return 2
    stopped = any(dose.value is None or dose.category == "contraindicated" for dose in doses)
    return 1 if stopped else 0


def _print_doses(area: "Finding", renal: "Finding", doses: "list[Finding]") -> None:
    from escalon.facts import plain
    from escalon.reporting.printed import significant

    say(f"body surface area     {significant(area.value, 5)} m² ({area.components.get('formula', 'not known')})")
    say(f"creatinine clearance  {shown(renal.value, 'mL/min')}")
    for dose in doses:
        parts = dose.components
        days = ", ".join(f"day {day}" for day in parts.get("days", ()))
        name = dose.name.replace("_", " ")
        error = parts.get("relative_error")
        what = f"{plain(dose.value, 2)} mg" if dose.value is not None else "not known"
        extra = (
            f"  rounding {100 * float(error):+.1f} %"
            if error is not None
            else f"  {dose.category}"
            if dose.category
            else ""
        )
        say(f"{name:<29} {what:>12}  {days}{extra}")
    say_notes([area, renal, *doses])


_LYMPHODEPLETION_COLUMNS = "participant height weight clearance age sex creatinine confirm".split()


def _lymphodepletion_table(
    study: "Study", table: Path, options: dict[str, Any], output: Path | None, as_json: bool
) -> None:
    """A row per participant and drug: dose, rounded dose, flags."""
    _, rows = read_rows(table, ("participant",), _LYMPHODEPLETION_COLUMNS)
    judged = each_row(rows, lambda cells: _judged(study, cells, options), "doses")
    columns = ("participant", "dose", "mg", "category", "body_surface_area", "creatinine_clearance", "flags", "reasons")
    doses = [dose for _, some in judged for dose in some]
    give_rows(columns, doses, output, as_json, "doses")
    raise typer.Exit(max((code for code, _ in judged), default=0))


def _judged(study: "Study", cells: "Cells", options: dict[str, Any]) -> tuple[int, list[tuple[Any, ...]]]:
    """One participant's doses as rows, and whether one is contraindicated or cannot be known."""
    from escalon.facts import Status, jsonable

    given = {name: cells.get(name) or None for name in _LYMPHODEPLETION_COLUMNS}
    area, renal, doses = _lymphodepletion(study, given, options)
    for finding in (area, renal):
        if finding.status is Status.INVALID:
            raise ValueError("; ".join(finding.reasons))
    return _dose_code((area, renal), doses), [
        (given["participant"], dose.name, jsonable(dose.value), dose.category, jsonable(area.value), jsonable(renal.value),
         " ".join(dose.flags), "; ".join(dose.reasons))
        for dose in doses
    ]  # fmt: skip
