"""A synthetic warehouse in the shape of OMOP: Parquet files of people who do not exist, the same bytes for the same seed.

Each person has measurements over five years, times on drugs and diagnoses; who has one of the study's diseases has them at
about the frequencies that make a funnel worth looking at, which are not those of any population. Written by DuckDB, so that
ten million people need no more memory than one thousand. The hospital of `codes.toml` is one of rheumatology; a study of
other diseases gets one of its own names, with numbers within what a body has and concepts of nobody's vocabulary.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

from escalon.criteria import with_members
from escalon.facts.whole import whole_folder
from escalon.feasibility.drafting import read_names, usual_codes
from escalon.protocol.asked import as_item
from escalon.protocol.study import FactDefinition, Study

END = "2026-11-01"
PER_PERSON = {"measurement": 20, "drug_era": 5, "condition_occurrence": 3}


_OWN = 2_000_000_001
"""From here on concepts are of whoever keeps the warehouse (OMOP CDM 5.4)."""


@dataclass
class _Hospital:
    """What stands in the tables: the concepts of each name, those of the diseases first among the conditions."""

    measurement: dict[str, list[Any]] = field(default_factory=dict)
    """Concept, unit concept, least, most and, where there is one, the laboratory's upper limit."""
    drug_era: dict[str, int] = field(default_factory=dict)
    condition_occurrence: dict[str, int] = field(default_factory=dict)
    words: dict[str, dict[str, int]] = field(default_factory=dict)
    """By label, the condition that tells each of its words."""
    units: dict[str, str] = field(default_factory=dict)
    """The unit of a measurement that has no unit concept."""

    def conditions(self) -> Iterator[int]:
        """Every condition, those of the diseases first."""
        yield from dict.fromkeys(code for words in self.words.values() for code in words.values())
        told = {code for words in self.words.values() for code in words.values()}
        yield from (code for code in self.condition_occurrence.values() if code not in told)


def _hospital_of(study: Study | None) -> _Hospital:
    made = usual_codes()["synthetic"]
    if study is None or {one.id for one in study.diseases} == made["diseases"].keys():
        words = {one: made["condition_occurrence"][name] for one, name in made["diseases"].items()}
        return _Hospital(made["measurement"], made["drug_era"], made["condition_occurrence"], {"disease": words})
    found, concepts = _Hospital(), count(_OWN)
    found.words["disease"] = {one.id: next(concepts) for one in study.diseases}
    names = dict.fromkeys(each for name in read_names(study) for each in with_members(study.vocabulary, name))
    for name in names:
        if name not in study.vocabulary or name in ("age", "sex", "disease"):
            continue
        definition = study.vocabulary[name]
        match definition.kind:
            case "number" | "integer":
                found.measurement[name] = [next(concepts), "NULL", *_usual(definition)]
                found.units |= {name: definition.unit} if definition.unit else {}
            case "treatment":
                found.drug_era[name] = next(concepts)
            case "label":
                found.words[name] = {word: next(concepts) for word in definition.choices}
            case _:
                found.condition_occurrence[name] = next(concepts)
    return found


def _usual(definition: FactDefinition) -> list[float]:
    """Between what a number is drawn, and the laboratory's upper limit where one is asked for."""
    item = as_item(definition)
    low = next((float(end) for end in (item.query[0], item.low) if end is not None), 0.0)
    high = next((float(end) for end in (item.query[1], item.high) if end is not None), low + 100.0)
    return [low, high, *([low + (high - low) / 4] if definition.limits else [])]


def write_warehouse(folder: Path, people: int, seed: int = 1, study: Study | None = None) -> list[Path]:
    """Write the tables and their mapping into a folder; returns the files."""
    import duckdb

    hospital = _hospital_of(study)
    tables = _tables(hospital, people, seed)
    papers = {"warehouse.toml": _mapping(hospital), "SYNTHETIC.txt": "SYNTHETIC DATA. Nobody in this folder exists.\n"}
    with whole_folder(folder) as beside, duckdb.connect() as connection:
        connection.execute("SET preserve_insertion_order = true")
        for table, text in tables.items():
            escaped = str(beside / f"{table}.parquet").replace("'", "''")
            connection.execute(f"COPY ({text}) TO '{escaped}' (FORMAT parquet, COMPRESSION zstd)")
        for name, content in papers.items():
            (beside / name).write_text(content, encoding="utf-8")
    return [folder / name for name in (*(f"{table}.parquet" for table in tables), *papers)]


def _tables(hospital: _Hospital, people: int, seed: int) -> dict[str, str]:
    def drawn(row: str, stream: int) -> str:
        """A number from 0 to 1 for a row: a multiplicative hash, so that each row is drawn apart from all others."""
        mixed = f"(({row}::UBIGINT + {seed * 7919 + stream * 104729}) * 2654435761 % 4294967296)"
        again = f"(xor({mixed}, {mixed} >> 15) * 2246822519 % 4294967296)"
        return f"(xor({again}, {again} >> 13) / 4294967296.0)"

    def rows(table: str) -> str:
        return f"SELECT i, i // {PER_PERSON[table]} AS p FROM range({people * PER_PERSON[table]}) AS r(i)"

    def days_before(row: str, stream: int, days: int) -> str:
        return f"(DATE '{END}' - ({drawn(row, stream)} * {days})::INTEGER)"

    def one_of(codes: list[int], row: str, stream: int) -> str:
        codes = codes or [0]  # the concept of nothing
        return f"list_value({', '.join(map(str, codes))})[1 + ({drawn(row, stream)} * {len(codes)})::INTEGER % {len(codes)}]"

    labs = list(hospital.measurement.values()) or [[0, 0, 0, 1]]
    place = f"(1 + ({drawn('i', 2)} * {len(labs)})::INTEGER % {len(labs)})"
    pick = {
        name: f"list_value({', '.join(str(float(one[k])) for one in labs)})[lab]"
        for name, k in (("low", 2), ("high", 3))
    }
    uppers = ", ".join(str(float(one[4])) if len(one) > 4 else "NULL" for one in labs)
    conditions, few = list(hospital.conditions()), len(hospital.words["disease"])
    diseases, others = conditions[:few], conditions[few:]
    start = days_before("i", 31, 3650)
    return {
        "person": (
            f"SELECT i AS person_id, (1935 + {drawn('i', 11)} * 78)::INTEGER AS year_of_birth, "
            f"1 + ({drawn('i', 12)} * 11)::INTEGER AS month_of_birth, 1 + ({drawn('i', 13)} * 27)::INTEGER AS day_of_birth, "
            f"CASE WHEN {drawn('i', 14)} < 0.6 THEN 8532 ELSE 8507 END AS gender_concept_id FROM range({people}) AS r(i)"
        ),
        "observation_period": (
            f"SELECT i AS person_id, DATE '{END}' - 3650 - ({drawn('i', 15)} * 2000)::INTEGER AS observation_period_start_date, "
            f"DATE '{END}' AS observation_period_end_date FROM range({people}) AS r(i)"
        ),
        "measurement": (
            "SELECT p AS person_id, "
            f"list_value({', '.join(str(one[0]) for one in labs)})[lab]::INTEGER AS measurement_concept_id, "
            f"{days_before('i', 1, 1825)} AS measurement_date, "
            f"round({pick['low']} + ({pick['high']} - {pick['low']}) * {drawn('i', 3)}, 1) AS value_as_number, "
            f"list_value({', '.join(str(one[1]) for one in labs)})[lab]::INTEGER AS unit_concept_id, "
            f"CAST(NULL AS DOUBLE) AS range_low, list_value({uppers})[lab] AS range_high, "
            "CAST(NULL AS INTEGER) AS operator_concept_id, CAST(NULL AS INTEGER) AS value_as_concept_id "
            f"FROM (SELECT *, {place} AS lab FROM ({rows('measurement')}))"
        ),
        "drug_era": (
            f"SELECT p AS person_id, {one_of(list(hospital.drug_era.values()), 'i', 21)}::INTEGER AS drug_concept_id, "
            f"begun AS drug_era_start_date, begun + ({drawn('i', 23)} * 700)::INTEGER AS drug_era_end_date "
            f"FROM (SELECT *, {days_before('i', 22, 1825)} AS begun FROM ({rows('drug_era')}))"
        ),
        "condition_occurrence": (
            f"SELECT p AS person_id, (CASE WHEN {drawn('i', 32)} < 0.12 THEN {one_of(diseases, 'i', 33)} "
            f"WHEN {drawn('i', 32)} < 0.3 THEN {one_of(others, 'i', 34)} ELSE 4000000 + i % 977 END)::INTEGER "
            f"AS condition_concept_id, {start} AS condition_start_date, CAST(NULL AS DATE) AS condition_end_date "
            f"FROM ({rows('condition_occurrence')})"
        ),
    }


def _mapping(hospital: _Hospital) -> str:
    lines = [
        "# The synthetic warehouse: where the names of the study stand.",
        "[source]",
        'kind = "omop"',
        "synthetic = true",
        "",
    ]
    told = {code for words in hospital.words.values() for code in words.values()}
    tables: Mapping[str, Mapping[str, Any]] = {table: getattr(hospital, table) for table in PER_PERSON}
    for table, names in tables.items():
        for name, code in names.items():
            measured = table == "measurement"
            lines += [f"[concept.{name}]", f'table = "{table}"', f"codes = [{code[0] if measured else code}]"]
            lines += [f'unit = "{hospital.units[name]}"'] if name in hospital.units else []
            lines += ['silence = "no"'] if not measured and code not in told else []
            lines.append("")
    for name, words in hospital.words.items():
        listed = ", ".join(f"{_key(word)} = [{code}]" for word, code in words.items())
        lines += [f"[concept.{name}]", 'table = "condition_occurrence"', f"label_codes = {{ {listed} }}"]
        lines += ['silence = "no"'] if name == "disease" else []
        lines.append("")
    return "\n".join(lines)


def _key(word: str) -> str:
    return word if word.isidentifier() and word.isascii() else f'"{word}"'
