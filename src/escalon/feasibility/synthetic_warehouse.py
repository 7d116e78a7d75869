"""A synthetic warehouse in the shape of OMOP: Parquet files of people who do not exist, the same bytes for the same seed.

Each person has measurements over five years, times on drugs and diagnoses; who has one of the four diseases has them at
about the frequencies that make a funnel worth looking at, which are not those of any population. Written by DuckDB, so that
ten million people need no more memory than one thousand.
"""

from pathlib import Path

from escalon.feasibility.drafting import usual_codes

END = "2026-11-01"
PER_PERSON = {"measurement": 20, "drug_era": 5, "condition_occurrence": 3}


def write_warehouse(folder: Path, people: int, seed: int = 1) -> list[Path]:
    """Write the tables and their mapping into a folder; returns the files."""
    import duckdb

    folder.mkdir(parents=True, exist_ok=True)
    connection = duckdb.connect()
    connection.execute("SET preserve_insertion_order = true")
    written = []
    for table, text in _tables(people, seed).items():
        file = folder / f"{table}.parquet"
        escaped = str(file).replace("'", "''")
        connection.execute(f"COPY ({text}) TO '{escaped}' (FORMAT parquet, COMPRESSION zstd)")
        written.append(file)
    connection.close()
    for name, content in (
        ("warehouse.toml", _mapping()),
        ("SYNTHETIC.txt", "SYNTHETIC DATA. Nobody in this folder exists.\n"),
    ):
        (folder / name).write_text(content, encoding="utf-8")
        written.append(folder / name)
    return written


def _tables(people: int, seed: int) -> dict[str, str]:
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
        return f"list_value({', '.join(map(str, codes))})[1 + ({drawn(row, stream)} * {len(codes)})::INTEGER % {len(codes)}]"

    made = usual_codes()["synthetic"]
    labs = list(made["measurement"].values())
    place = f"(1 + ({drawn('i', 2)} * {len(labs)})::INTEGER % {len(labs)})"
    pick = {
        name: f"list_value({', '.join(str(float(one[k])) for one in labs)})[lab]"
        for name, k in (("low", 2), ("high", 3))
    }
    uppers = ", ".join(str(float(one[4])) if len(one) > 4 else "NULL" for one in labs)
    conditions, few = list(made["condition_occurrence"].values()), len(made["diseases"])
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
            f"SELECT p AS person_id, {one_of(list(made['drug_era'].values()), 'i', 21)}::INTEGER AS drug_concept_id, "
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


def _mapping() -> str:
    made = usual_codes()["synthetic"]
    lines = [
        "# The synthetic warehouse: where the names of the study stand.",
        "[source]",
        'kind = "omop"',
        "synthetic = true",
        "",
    ]
    for table in PER_PERSON:
        for name, code in made[table].items():
            measured = table == "measurement"
            lines += [f"[concept.{name}]", f'table = "{table}"', f"codes = [{code[0] if measured else code}]"]
            lines += ['silence = "no"'] if not measured and name not in made["diseases"].values() else []
            lines.append("")
    words = ", ".join(f"{one} = [{made['condition_occurrence'][name]}]" for one, name in made["diseases"].items())
    lines += [
        "[concept.disease]",
        'table = "condition_occurrence"',
        f"label_codes = {{ {words} }}",
        'silence = "no"',
        "",
    ]
    return "\n".join(lines)
