"""Synthea's synthetic patients as three sources: FHIR Bulk Data, OMOP tables made of it, and a data folder made of it."""

import csv
import gzip
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

DAY = "2021-03-31"
LABS = {
    "haemoglobin": ("718-7", 3000963), "wbc": ("6690-2", 3000905), "platelets": ("777-3", 3024929),
    "alt": ("1742-6", 3006923), "ast": ("1920-8", 3013721), "total_bilirubin": ("1975-2", 3024128),
}  # fmt: skip
EVENTS = {
    "history_of_stroke": ("230690007", 381316), "history_of_epilepsy": ("84757009", 380378),
    "history_of_myocardial_infarction": ("22298006", 312327), "dementia": ("26929004", 378419),
    "ra_diagnosis": ("69896004", 80809),
}  # fmt: skip
SILENT = tuple(name for name in EVENTS if name != "ra_diagnosis")
UNITS = {"g/dL": 8713, "10*3/uL": 8848, "U/L": 8645, "IU/L": 8923, "mg/dL": 8840}


def resources(folder: Path, sort: str) -> Iterator[dict[str, Any]]:
    with gzip.open(folder / f"synthea615_{sort}.ndjson.gz", "rt", encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def person_of(resource: Mapping[str, Any]) -> str:
    return resource["subject"]["reference"].rpartition(":")[2]


def mapping(kind: str) -> str:
    """The same concepts, by the codes of each source."""
    table = {"fhir": ("Observation", "Condition", 0), "omop": ("measurement", "condition_occurrence", 1)}[kind]
    lines = ["[source]", f'kind = "{kind}"', "synthetic = true"]
    if kind == "omop":
        lines += ["[people]", 'from = "person"', 'person = "person_id"', 'birth = "birth_datetime"',
                  'sex = "gender_concept_id"', 'sexes = { 8507 = "male", 8532 = "female" }']  # fmt: skip
    for name, codes in LABS.items():
        lines += [f"[concept.{name}]", f'table = "{table[0]}"', f'codes = ["{codes[table[2]]}"]']
    for name, codes in EVENTS.items():
        lines += [f"[concept.{name}]", f'table = "{table[1]}"', f'codes = ["{codes[table[2]]}"]']
        lines += ['silence = "no"'] if name in SILENT else []
    code = EVENTS["ra_diagnosis"][table[2]]
    lines += ["[concept.disease]", f'table = "{table[1]}"', f'label_codes = {{ RA = ["{code}"] }}']
    return "\n".join(lines) + "\n"


def fhir_folder(source: Path, folder: Path) -> Path:
    """The files as a Bulk Data export has them."""
    folder.mkdir()
    for sort in ("Patient", "Condition", "Observation", "MedicationRequest"):
        (folder / f"{sort}.ndjson.gz").write_bytes((source / f"synthea615_{sort}.ndjson.gz").read_bytes())
    (folder / "warehouse.toml").write_text(mapping("fhir"), encoding="utf-8")
    return folder


def omop_folder(source: Path, folder: Path) -> Path:
    """The same people as OMOP tables, in Parquet."""
    import polars as pl

    folder.mkdir()
    patients = list(resources(source, "Patient"))
    ids = {one["id"]: number for number, one in enumerate(patients, 1)}
    codes = dict([*LABS.values(), *EVENTS.values()])
    pl.DataFrame(
        {"person_id": list(ids.values()), "birth_datetime": [one["birthDate"] for one in patients],
         "gender_concept_id": [8507 if one["gender"] == "male" else 8532 for one in patients]}
    ).write_parquet(folder / "person.parquet")  # fmt: skip
    rows = []
    for one in resources(source, "Observation"):
        code, quantity = one["code"]["coding"][0]["code"], one.get("valueQuantity", {})
        if code in codes:
            rows.append((ids[person_of(one)], codes[code], one["effectiveDateTime"][:10], quantity.get("value"),
                         UNITS.get(quantity.get("code")), None, None, None, None))  # fmt: skip
    names = ("person_id", "measurement_concept_id", "measurement_date", "value_as_number", "unit_concept_id",
             "range_low", "range_high", "operator_concept_id", "value_as_concept_id")  # fmt: skip
    types = {name: pl.Float64 if "value_as_n" in name or "range" in name else pl.Int64 for name in names}
    pl.DataFrame(rows, schema={**types, "measurement_date": pl.String}, orient="row").with_columns(
        pl.col("measurement_date").str.to_date()
    ).write_parquet(folder / "measurement.parquet")
    found = [
        (ids[person_of(one)], codes[code], one["onsetDateTime"][:10], (one.get("abatementDateTime") or "")[:10] or None)
        for one in resources(source, "Condition")
        if (code := one["code"]["coding"][0]["code"]) in codes
    ]
    pl.DataFrame(
        found, schema=dict(zip(("person_id", "condition_concept_id", "condition_start_date", "condition_end_date"),
                               (pl.Int64, pl.Int64, pl.String, pl.String), strict=True)), orient="row",
    ).with_columns(
        pl.col("condition_start_date").str.to_date(), pl.col("condition_end_date").str.to_date()
    ).write_parquet(folder / "condition_occurrence.parquet")  # fmt: skip
    pl.DataFrame(
        {"person_id": list(ids.values()), "observation_period_start_date": ["1900-01-01"] * len(ids),
         "observation_period_end_date": [DAY] * len(ids)}
    ).with_columns(pl.selectors.ends_with("date").str.to_date()).write_parquet(folder / "observation_period.parquet")  # fmt: skip
    (folder / "warehouse.toml").write_text(mapping("omop"), encoding="utf-8")
    return folder


def data_folder(source: Path, folder: Path) -> Path:
    """The same people as a data folder of the study, everybody screened on the day; silence is written as «no»."""
    folder.mkdir()
    names = {code: name for name, (code, _) in LABS.items()} | {code: name for name, (code, _) in EVENTS.items()}
    year, month, day = map(int, DAY.split("-"))
    had: dict[str, set[str]] = {}
    code_of = {one["id"]: f"S{number:03d}" for number, one in enumerate(resources(source, "Patient"), 1)}
    with (folder / "facts.csv").open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file)
        out.writerow(("participant", "fact", "value", "unit", "date", "until", "confirmed"))
        for one in resources(source, "Observation"):
            code, quantity = one["code"]["coding"][0]["code"], one.get("valueQuantity", {})
            if code in names:
                unit = quantity.get("code")
                out.writerow(
                    (
                        code_of[person_of(one)],
                        names[code],
                        quantity.get("value"),
                        unit,
                        one["effectiveDateTime"][:10],
                        "",
                        "",
                    )
                )
        for one in resources(source, "Condition"):
            code = one["code"]["coding"][0]["code"]
            if code in names and one["onsetDateTime"][:10] <= DAY:
                had.setdefault(code_of[person_of(one)], set()).add(names[code])
                ended = (one.get("abatementDateTime") or "")[:10]
                out.writerow((code_of[person_of(one)], names[code], "yes", "", one["onsetDateTime"][:10], ended, ""))
        for one in resources(source, "Patient"):
            who, born = code_of[one["id"]], tuple(map(int, one["birthDate"].split("-")))
            age = year - born[0] - ((month, day) < born[1:])
            for name, value in (
                ("informed_consent", DAY),
                ("screening_visit", DAY),
                ("age", age),
                ("sex", one["gender"]),
            ):
                out.writerow((who, name, value, "", DAY, "", "yes" if name == "age" else ""))
            if "ra_diagnosis" in had.get(who, ()):
                out.writerow((who, "disease", "RA", "", DAY, "", ""))
            for name in set(SILENT) - had.get(who, set()):
                out.writerow((who, name, "no", "", DAY, "", ""))
    return folder
