"""Every row of the tables in spec/cell_therapy/ holds."""

from __future__ import annotations

import re
from math import log10
from pathlib import Path

import pytest

from escalon.facts import Day, Fact, Finding, Status
from escalon.instruments import assess
from escalon.instruments.product.dose import DoseAmount
from escalon.instruments.product.dose_window import DoseLevel, judge_dose
from escalon.instruments.product.lymphodepletion import DrugDose, Regimen, lymphodepletion, round_dose
from escalon.instruments.product.release import ReleaseLimit, judge_release
from escalon.kinetics import (
    Limits,
    Plan,
    Standard,
    b_cell_aplasia,
    fit_curve,
    igg_change,
    judge_run,
    noncompartmental,
    per_microgram,
    per_microlitre,
    per_reaction,
    percent_change,
    profile,
)

SPEC = Path(__file__).parents[2] / "spec" / "cell_therapy"
UNKNOWN = "not known"


def table(page: str, heading: str) -> list[dict[str, str]]:
    """The rows of the first table under a heading of a specification page."""
    text = (SPEC / f"{page}.md").read_text(encoding="utf-8")
    below = re.split(rf"^#+ {re.escape(heading)}.*$", text, maxsplit=1, flags=re.MULTILINE)[1]
    block = re.search(r"(?:^\|.*\n)+", below, re.MULTILINE)
    assert block, f"no table under {heading}"
    header, _, *body = ([cell.strip() for cell in line.strip().strip("|").split("|")] for line in block[0].splitlines())
    assert body, f"no rows under {heading}"
    return [dict(zip(header, row, strict=True)) for row in body]


def rows(page: str, heading: str):
    found = table(page, heading)
    return pytest.mark.parametrize(
        "row", found, ids=[f"{number}-{row.get('#', '')}" for number, row in enumerate(found)]
    )


def given(**items):
    """Items as recorded; `not known` is left out."""
    return {name: value for name, value in items.items() if not value.startswith(UNKNOWN)}


def product_items(row):
    return given(cells_per_ml=row["cells/mL"], viability=row["viability"], car_fraction=row["CAR+"])


@rows("dose", "Target and volume")
def test_target_and_volume(row):
    level, weight = float(row["level (cells/kg)"]), row["weight (kg)"]
    assert assess("target_cells", level=level, weight=weight).value == float(row["target (cells)"])
    if row["volume (mL)"] != "-":
        found = assess("volume_to_infuse", level=level, weight=weight, **product_items(row))
        assert float(found.value) == pytest.approx(float(row["volume (mL)"]), rel=1e-9)
        assert round(float(found.value), 2) == 19.41


@rows("dose", "Cells in a volume")
def test_cells_in_a_volume(row):
    items = product_items(row) | given(volume=row["volume (mL)"])
    found = assess("car_positive_cells", **items, car_gate=row["gate"])
    assert found.value == (None if row["cells"] == UNKNOWN else float(row["cells"]))


@rows("dose", "Dose against the window")
def test_dose_against_the_window(row):
    levels = [
        DoseLevel(number, DoseAmount.parse(f"{dose} cells/kg"))
        for number, dose in enumerate((100_000, 300_000, 600_000), 1)
    ]
    delivered = assess("cells_per_kg", weight=row["weight (kg)"], **given(cells=row["delivered (cells)"]))
    found = judge_dose(delivered, levels[int(row["assigned"]) - 1], levels, 0.2)
    assert found.value is {"in": True, "out": False, UNKNOWN: None}[row["window"]]
    if found.value is None:
        assert found.status is Status.MISSING
        return
    assert float(found.components["cells_per_kg"]) == pytest.approx(float(row["cells/kg"]), rel=1e-9)
    assert row["deviation (%)"] in found.reasons[0]
    assert str(found.components["level_delivered"] or "none") == row["belongs to"]
    assert found.components["assigned_level"] == int(row["assigned"])
    assert ("protocol_deviation" in found.flags) is (row["window"] == "out")


@rows("product", "Vector copy number")
def test_vector_copy_number(row):
    copies = {"car_copies": row["CAR copies"], "reference_copies": row["reference copies"]}
    per_cell = assess("vcn_per_cell", **copies)
    if row["per cell"] == "refused":
        assert per_cell.status is Status.INVALID
        return
    assert float(per_cell.value) == float(row["per cell"])
    if row["CAR+"] != "-":
        found = assess("vcn_per_transduced_cell", **copies, car_fraction=row["CAR+"])
        assert float(found.value) == pytest.approx(float(row["per transduced cell"]), rel=1e-9)
    if row["per µg DNA"] != "-":
        found = assess("copies_per_microgram", vcn=per_cell.value)
        assert float(found.value) == pytest.approx(float(row["per µg DNA"]), rel=1e-9)


@rows("product", "Release")
def test_release(row):
    relation, limit, unit = (*row["limit"].split(" "), "1")[:3]
    wanted = ReleaseLimit(row["attribute"], relation, limit if relation == "is" else float(limit), unit)
    value, found_unit = (*row["found"].split(" "), "1")[:2]
    results = (
        {} if row["found"] == UNKNOWN else {row["attribute"]: Fact(row["attribute"], _typed(value), unit=found_unit)}
    )
    found = judge_release([wanted], results)
    assert found.components[row["attribute"]] == row["verdict"]
    assert found.value is {"within": True, "oos": False, "not tested": None}[row["verdict"]]
    assert ("oos_not_approved" in found.flags) is (row["verdict"] == "oos")


def _typed(text):
    try:
        return float(text)
    except ValueError:
        return text


@rows("body_surface_area", "Body surface area")
def test_body_surface_area(row):
    for formula, column in (("mosteller", "Mosteller (m²)"), ("dubois", "DuBois (m²)")):
        found = assess(
            "body_surface_area", height=f"{row['height (cm)']} cm", weight=row["weight (kg)"], formula=formula
        )
        assert f"{found.value:.4f}" == row[column]
        assert found.components["formula"] == formula


@rows("creatinine_clearance", "Creatinine clearance")
def test_creatinine_clearance(row):
    found = assess(
        "cockcroft_gault", sex=row["sex"], age=row["age"], weight=row["weight (kg)"], creatinine=row["creatinine"]
    )
    places = len(row["mL/min"].partition(".")[2])
    assert f"{float(found.value):.{places}f}" == row["mL/min"]
    assert (found.value >= 30) is (row["at least 30"] == "yes")


@rows("lymphodepletion", "Doses")
def test_lymphodepletion_dose(row):
    height = {} if row["height (cm)"] == UNKNOWN else {"height": f"{row['height (cm)']} cm"}
    area = assess("body_surface_area", weight=row["weight (kg)"], **height)
    text = row["clearance (mL/min)"]
    clearance = Finding("creatinine_clearance", None if text == UNKNOWN else float(text))
    regimen = Regimen("of this row", (DrugDose(row["drug"], float(row["mg/m²"]), (-3,)),))
    (found,) = lymphodepletion(regimen, area, clearance, signed_by="the sponsor", policy=row["policy"])
    if row["mg"] == UNKNOWN:
        assert found.value is None
    else:
        places = len(row["mg"].partition(".")[2])
        assert f"{float(found.value):.{places}f}" == row["mg"]
    assert " ".join(found.flags) == row["flags"]


@rows("lymphodepletion", "Rounding")
def test_rounding(row):
    exact = Finding("fludarabine_dose", float(row["exact (mg)"]), unit="mg")
    found = round_dose(exact, float(row["step (mg)"]), row["mode"])
    assert found.value == float(row["rounded (mg)"])
    error = found.components["relative_error"]
    assert ("-" if error is None else f"{100 * float(error):+.2f}") == row["relative error (%)"]


CURVE = fit_curve(
    [Standard(10**level, (ct,)) for level, ct in enumerate((35.02, 31.68, 28.37, 25.05, 21.71, 18.40), 1)]
)


@rows("qpcr", "Curve")
def test_standard_curve(row):
    name, _, ct = row["quantity"].partition(" at Ct ")
    found = CURVE.copies(float(ct)) if ct else getattr(CURVE, name)
    assert found == pytest.approx(float(row["expected"]), rel=float(row["tolerance"]))


@rows("qpcr", "Efficiency and acceptance")
def test_acceptance_of_a_run(row):
    slope = float(row["slope"])
    standards = [Standard(float(10**level), (40 + slope * level,)) for level in range(1, 7)]
    run = judge_run(standards, no_template=[None, None])
    assert 100 * run.curve.efficiency == pytest.approx(float(row["efficiency (%)"]), abs=0.06)
    assert run.accepted is (row["run"] == "accepted")


@rows("qpcr", "Normalisation")
def test_normalisation(row):
    copies, numbers = per_reaction(float(row["copies"])), [float(n) for n in re.findall(r"[\d.]+", row["input"])]
    if row["unit"] == "copies/µg":
        found = per_microgram(copies, numbers[0])
    else:
        template, elution, blood, *recovery = numbers
        found = per_microlitre(copies, elution, template, blood, *recovery)
    assert float(found.value) == pytest.approx(float(row["expected"]), rel=1e-6)


@rows("qpcr", "Limits")
def test_limits(row):
    lod, uloq = (None if row[name] == "-" else float(row[name]) for name in ("LOD", "ULOQ"))
    limits = Limits(row["unit"], float(row["LLOQ"]), lod, uloq)
    assert limits.code(float(row["value"])).value == row["code"]


def profile_named(name):
    (row,) = (row for row in table("kinetics", "Cellular kinetics") if row["profile"] == name)
    days, levels = ([float(number) for number in row[column].split()] for column in ("days", "levels"))
    limits = Limits("mg/L", 0.1) if name == "T" else Limits("copies/µL", 5)
    return profile(days, levels, limits, name)


@rows("kinetics", "Parameters")
def test_kinetic_parameters(row):
    baseline = "measured" if row["profile"] == "T" else "not detected"
    found = noncompartmental(profile_named(row["profile"]), Plan(method=row["method"], baseline=baseline))
    parameter, _, part = row["quantity"].partition(".")
    value = found[parameter].components[part] if part else found[parameter].value
    if row["expected"] == "none":
        assert value is None
    else:
        assert value == pytest.approx(float(row["expected"]), rel=float(row["tolerance"]))
    if "poor_fit" in row["mark"]:
        assert "poor_fit" in found[parameter].flags


@rows("b_cells", "Aplasia")
def test_b_cell_aplasia(row):
    levels = [None if text == "not-known" else float(text) for text in row["B cells/µL"].split()]
    counts = profile([int(day) for day in row["days"].split()], levels, Limits("/uL", 1), analyte="b_cells")
    (found,) = b_cell_aplasia(counts)
    assert found.category == row["state"]
    assert found.value == float(row["duration (d)"])
    assert " ".join(sorted(found.flags)) == row["flags"]
    for part, column in (("onset_day", "from"), ("ended_before_day", "to before"), ("recovery_day", "recovery")):
        expected = None if row[column] == "-" else float(row[column])
        assert found.components.get(part) == expected


@rows("b_cells", "Change from baseline")
def test_change_from_baseline(row):
    baseline, later = (_measured(row["name"], row[when]) for when in ("baseline", "later"))
    found = igg_change(baseline, later) if row["name"] == "igg" else percent_change(baseline, later)
    if row["change (%)"] == "undefined":
        assert found.value is None
    else:
        assert float(found.value) == pytest.approx(float(row["change (%)"]), rel=1e-6)
    assert " ".join(found.flags) == row["flags"]


def _measured(name, text):
    if text == UNKNOWN:
        return Fact(name, None)
    value, unit = text.split(" ")
    return Fact(name, float(value), Day(2025, 3, 14), unit)


def test_the_published_curve_spans_six_decades():
    assert log10(CURVE.highest / CURVE.lowest) == pytest.approx(5)
