"""One new file gives an instrument everywhere: nothing else is touched, nothing is registered."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import escalon.instruments
from escalon.cli import main
from escalon.instruments import assess, catalogue
from escalon.instruments.kit import catalogue as walk
from escalon.instruments.kit.catalogue import find
from escalon.instruments.kit.readings import columns, described, javascript, json_schema, sql
from escalon.instruments.kit.visits_table import score_table
from escalon.protocol.vocabulary import instrument_facts

# A whole instrument as somebody would add it; the score is made up for this test.
FILE = '''"""Orchard score: made up for a test."""

from typing import Annotated

from escalon.instruments.kit.instrument import instrument
from escalon.instruments.kit.item import integer, number

Apples = Annotated[int, integer("apples on the tree", 0, 40, also="apple_count")]
Height = Annotated[float, number("height of the tree", 0, None, "m", accepts=("cm",), fact="tree_height")]


@instrument(
    "Orchard score",
    source="Nobody 2026, doi:10.0000/none",
    bands="poor < 2.5 <= fair <= 10 < rich",
)
def orchard_score(apples: Apples, height: Height) -> float:
    """How much a tree bears: apples for each metre of its height."""
    return apples / height
'''


@pytest.fixture
def orchard(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The file in a temporary package, found because the package's path has grown; forgotten afterwards."""
    (tmp_path / "garden").mkdir()
    (tmp_path / "garden" / "__init__.py").write_text('"""Instruments of a garden."""\n')
    (tmp_path / "garden" / "orchard_score.py").write_text(FILE)
    monkeypatch.setattr(escalon.instruments, "__path__", [*escalon.instruments.__path__, str(tmp_path)])
    walk.catalogue.cache_clear()
    yield "orchard_score"
    walk.catalogue.cache_clear()
    for name in [name for name in sys.modules if name.startswith("escalon.instruments.garden")]:
        del sys.modules[name]
    vars(escalon.instruments).pop("garden", None)


def run(monkeypatch: pytest.MonkeyPatch, *words: str) -> int:
    monkeypatch.setattr(sys, "argv", ["escalon", "score", *words])
    with pytest.raises(SystemExit) as left:
        main.run()
    return int(left.value.code or 0)


def test_it_is_found_and_gone_again(orchard: str) -> None:
    assert orchard in catalogue()
    assert find("Orchard-Score").title == "Orchard score"
    assert walk.family(catalogue()[orchard]) == "garden"


def test_without_its_file_there_is_none() -> None:
    assert "orchard_score" not in catalogue()


def test_it_scores_checks_and_says_what_is_missing(orchard: str) -> None:
    finding = assess(orchard, apple_count=30, height="250 cm")
    assert (finding.value, finding.category) == (12, "rich")
    assert assess(orchard, apples=41, height="3 m").flags == ("OUT_OF_RANGE",)
    assert assess(orchard, apples=3).missing == ("height",)


def test_it_has_a_schema_help_and_an_entry_in_the_data_dictionary(orchard: str, monkeypatch: Any, capsys: Any) -> None:
    found = catalogue()[orchard]
    assert json_schema(found)["properties"]["apples"]["maximum"] == 40
    assert described(found)["bands"]["category"][1] == ("fair", "2.5 ≤ x ≤ 10")
    facts = instrument_facts([found])
    assert facts["tree_height"].unit == "m"
    assert facts["orchard_score.apples"].high == 40
    assert run(monkeypatch, orchard, "--help") == 0
    shown = capsys.readouterr().out
    assert all(
        word in shown for word in ("apples on the tree", "apple_count", "whole number 0–40", "m, cm", "Nobody 2026")
    )
    assert run(monkeypatch) == 0
    assert "orchard_score" in capsys.readouterr().out


def test_it_is_scored_on_the_command_line(orchard: str, monkeypatch: Any, capsys: Any) -> None:
    assert run(monkeypatch, orchard, "apples=6", "height=3 m", "--json") == 0
    assert json.loads(capsys.readouterr().out)["value"] == 2


def test_it_runs_as_columns_as_sql_and_as_a_table(orchard: str, duckdb_query: Any) -> None:
    found = catalogue()[orchard]
    results = columns(found)({"apples": [30, None, 5], "height": [2.5, 1, 0]})
    assert results["value"][0] == 12
    assert results["value"][1:].tolist() != results["value"][1:].tolist()
    text = sql(found, table="(SELECT 30 AS apples, 2.5 AS height) AS visits")
    assert duckdb_query(f"SELECT value, category FROM ({text})") == [(12.0, "rich")]
    scored = score_table(found, pl.DataFrame({"apple_count": [30], "height [cm]": [250]}))
    assert scored.frame.row(0)[2:5] == (12.0, "rich", "ok")


def test_it_runs_as_javascript(orchard: str, node: Any) -> None:
    source = javascript(catalogue()[orchard]) + f"const score = {orchard};"
    (result,) = node(source, [{"apples": 30, "height": 2.5}])
    assert (result["value"], result["category"]) == (12, "rich")
