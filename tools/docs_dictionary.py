"""The data dictionary of the bundled study as a page."""

from itertools import groupby
from typing import Any

from tools.docs_markdown import code, table

STUDY = "nct07052565"


def dictionary_page() -> str:
    """Tables and columns of a data folder, then every name that may be recorded, by group."""
    from escalon.protocol import load_study
    from escalon.sources.dictionary import fact_rows, table_rows

    facts = fact_rows(load_study(STUDY))
    parts = [
        "# Data dictionary",
        f"What goes in a data folder for `{STUDY}`: the same as `escalon data dictionary {STUDY}`, which also writes it as "
        "JSON (`--json`) or CSV (`--csv`). How the tables work together: [data.md](data.md). Another study has the same "
        "tables and its own names.",
        "## Tables",
    ]
    for name, columns in groupby(table_rows(), key=lambda row: row["table"]):
        parts += [f"### {name}", _columns(list(columns))]
    parts += [f"## Names: {len(facts)} in all", "A name stands in the column `fact` (or `treatment`, for a treatment)."]
    for group in dict.fromkeys(row["group"] for row in facts):
        parts += [f"### {group or 'other'}", _names([row for row in facts if row["group"] == group])]
    return "\n\n".join(parts) + "\n"


def _columns(rows: list[dict[str, Any]]) -> str:
    cells = [(code(row["column"]), row["kind"], "yes" if row["required"] else "", row["about"]) for row in rows]
    return table(("column", "kind", "must be filled", "what it is"), cells)


def _names(rows: list[dict[str, Any]]) -> str:
    cells = [
        (code(row["name"]), row["about"], row["accepted"], ", ".join(row["units"]), ", ".join(row["used_by"]))
        for row in rows
    ]
    return table(("name", "what it is", "accepted", "units", "used by"), cells)
