"""docs/expressions.md says what the code says."""

import re
from pathlib import Path

from escalon.expressions.dialects import DIALECTS
from escalon.expressions.exactness import TOLERANCE
from escalon.expressions.tree import OPERATORS

PAGE = (Path(__file__).parents[2] / "docs" / "expressions.md").read_text()


def test_the_operator_table_is_the_generated_one():
    rows = [
        f"| `{name}` | {'any number' if n is None else n} | {meaning} |" for name, (n, meaning) in OPERATORS.items()
    ]
    table = "\n".join(["| operator | parts | meaning |", "|---|---|---|", *rows])
    assert table in PAGE, f"put this into the page:\n{table}"


def test_the_example_runs_and_prints_what_the_page_shows(capsys):
    code, shown = re.findall(r"```(?:python)?\n(.*?)```", PAGE, re.DOTALL)[:2]
    table = {"tender": [4], "swollen": [3], "esr": [20], "health": [50]}
    exec(code, {"table": table})
    assert capsys.readouterr().out == shown


def test_the_numbers_on_the_page_are_those_of_the_code():
    assert TOLERANCE == 5e-10
    assert "5·10⁻¹⁰" in PAGE
    assert set(DIALECTS) == {"duckdb", "postgres", "spark"}
