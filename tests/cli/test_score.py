"""`escalon score`: what a person types, and what comes back."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from escalon.cli import main
from escalon.instruments import assess, catalogue

DAS28 = ("das28_crp", "tender=4", "swollen=5", "crp=7 mg/L", "global_health=50 mm")
VISITS = """participant,Tender,SJC28,crp [mg/L],global_health [mm]
P1,4,5,7,50
P2,4,,<5,50
P3,40,1,7,50
"""


@pytest.fixture
def score(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    def run(*words: str | Path) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["escalon", "score", *map(str, words)])
        with pytest.raises(SystemExit) as left:
            main.run()
        shown = capsys.readouterr()
        return int(left.value.code or 0), shown.out, shown.err

    return run


@pytest.fixture
def visits(tmp_path: Path) -> Path:
    (tmp_path / "visits.csv").write_text(VISITS, encoding="utf-8")
    return tmp_path / "visits.csv"


def test_alone_it_lists_every_instrument(score):
    code, out, _ = score()
    assert code == 0
    assert all(f"  {name} " in out for name in catalogue())
    assert [row["name"] for row in json.loads(score("--json")[1])] == list(catalogue())


@pytest.mark.parametrize("ask", ["--help", "--items"])
def test_help_on_an_instrument_names_its_items_units_and_options(score, ask):
    code, out, _ = score("das28_crp", ask)
    assert code == 0
    for word in ("tender", "tjc28", "crp", "mg/dL", "below_limit: range (default)", "remission x < 2.6", "Source:"):
        assert word in out


def test_a_score_prints_its_band_and_ends_with_0(score):
    code, out, _ = score(*DAS28)
    assert code == 0
    assert out.startswith("DAS28-CRP: 4.1547  (moderate)\n")


def test_json_is_the_finding(score):
    code, out, _ = score(*DAS28, "--json")
    assert code == 0
    wanted = assess("das28_crp", tender=4, swollen=5, crp="7 mg/L", global_health="50 mm").as_json()
    assert json.loads(out) == json.loads(json.dumps(wanted))


def test_something_missing_ends_with_1_on_one_line_and_whole_in_json(score):
    code, out, _ = score("sledai_2k", "seizure=yes")
    assert code == 1
    assert out.startswith("SLEDAI-2K: not known\n  between 8 and 105, depending on what is missing\n")
    assert [line for line in out.splitlines() if "missing: psychosis, obs" in line]
    assert "is not known" not in out
    code, out, _ = score("sledai_2k", "seizure=yes", "--json")
    assert code == 1
    assert len(json.loads(out)["reasons"]) == len(json.loads(out)["missing"]) == 23


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("das28",), "Did you mean das28_"),
        (("cdai", "tendr=4"), "Did you mean tender"),
        (("cdai", "tender"), "Write item=value"),
        (("cdai", "tender=4", "tender=5"), "given twice"),
        (("cdai", "tender=40"), "tender is 40. Accepted: whole number 0–28"),
        (("cdai", "tender=4.5"), "Accepted: whole number 0–28"),
        (("das28_crp", "crp=7"), "Write crp='7 mg/L' or crp='7 mg/dL'"),
        (("das28_crp", "crp=7 mmol/L"), "Accepted: mg/L, mg/dL"),
        (("das28_crp", "crp=1e999 mg/L"), "too large to be a recorded number"),
        (("das28_crp", "below_limit=third"), "not one of range, half, limit, zero"),
        (("sledai_2k", "plt=yes", "platelets=150 10^9/L"), "platelets"),
        (("cdai", "--show", "latex"), "Write sql, javascript, schema or formula"),
        (("das28_crp", "--table", "nowhere.csv"), "there is no such file"),
    ],
)
def test_wrong_input_ends_with_2_and_says_what_to_write(score, words, says):
    code, out, err = score(*words)
    assert (code, out) == (2, "")
    assert says in err


def test_a_table_comes_back_whole_with_value_band_status_missing_and_flags(score, visits):
    code, out, err = score("das28_crp", "--table", visits)
    assert code == 2
    rows = [line.split(",") for line in out.splitlines()]
    assert len(rows) == 4
    shown = [dict(zip(rows[0], row, strict=True)) for row in rows[1:]]
    assert [row["das28_crp"][:6] for row in shown] == ["4.1546", "", ""]
    assert [row["das28_crp_status"] for row in shown] == ["ok", "missing", "invalid"]
    assert [row["das28_crp_flags"] for row in shown] == ['""', "CRP_BELOW_LLOQ", "OUT_OF_RANGE"]
    assert [row["das28_crp_missing"] for row in shown] == ['""', "swollen", '""']
    assert "visits.csv row 4: tender is 40. Accepted: whole number 0–28" in err
    assert "3 rows read = 1 ok + 1 missing + 1 invalid" in err


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_tables_go_in_and_out_as_csv_and_parquet(score, visits, kind, separator):
    visits.write_text("\ufeff" + VISITS.replace("P3,40,1,7,50\n", "").replace(",", separator), encoding="utf-8")
    output = visits.with_name(f"scored.{kind}")
    assert score("das28_crp", "--table", visits, "-o", output)[0] == 0
    scored = pl.read_parquet(output) if kind == "parquet" else pl.read_csv(output)
    assert scored["participant"].to_list() == ["P1", "P2"]
    source = visits.with_name("visits.parquet")
    pl.DataFrame({"tender": [4], "swollen": [5], "crp [mg/L]": [7.0], "global_health [mm]": [50]}).write_parquet(source)
    code, out, _ = score("das28_crp", "--table", source, "--json")
    assert code == 0
    assert abs(json.loads(out)[0]["das28_crp"] - scored["das28_crp"][0]) < 1e-12


def test_an_option_holds_for_the_whole_table(score, visits):
    visits.write_text(VISITS.replace("P2,4,,<5", "P2,4,1,<5").replace("P3,40", "P3,4"), encoding="utf-8")
    half, zero = (
        score("das28_crp", "--table", visits, f"below_limit={choice}", "--json")[1] for choice in ("half", "zero")
    )
    assert json.loads(half)[1]["das28_crp"] > json.loads(zero)[1]["das28_crp"]
    assert json.loads(half)[0] == json.loads(zero)[0]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (VISITS.replace("crp [mg/L]", "crp [mmol/L]"), "Accepted: mg/L, mg/dL"),
        (VISITS.replace("crp [mg/L]", "crp"), "does not say its unit"),
        (VISITS.replace("Tender", "tendr"), "Did you mean tender"),
        (VISITS.replace("participant", "SJC28"), "stands twice"),
        ("", "must name the columns"),
        ("participant\nP1\n", "no column is an item of das28_crp"),
    ],
)
def test_a_table_that_cannot_be_read_is_refused(score, visits, text, says):
    visits.write_text(text, encoding="utf-8")
    code, out, err = score("das28_crp", "--table", visits)
    assert (code, out) == (2, "")
    assert says in err


def test_a_table_in_another_encoding_is_refused(score, visits):
    visits.write_bytes("Prüfung,tender\n1,2\n".encode("latin-1"))
    code, _, err = score("das28_crp", "--table", visits)
    assert code == 2
    assert "not UTF-8" in err


def test_the_table_as_recorded_is_never_overwritten(score, visits):
    code, _, err = score("das28_crp", "--table", visits, "-o", visits)
    assert code == 2
    assert "stays as it was recorded" in err
    assert visits.read_text(encoding="utf-8") == VISITS


def test_every_instrument_shows_its_sql_javascript_schema_and_formula(score):
    for what, begins in (("sql", "SELECT "), ("javascript", "function cdai(input) {"), ("formula", "tender + swollen")):
        code, out, _ = score("cdai", "--show", what)
        assert code == 0
        assert out.startswith(begins), out
    properties = json.loads(score("cdai", "--show", "schema")[1])["properties"]
    assert list(properties) == list(catalogue()["cdai"].items)


def test_an_option_changes_the_formula_that_is_shown(score):
    assert score("sri_4", "--show", "formula")[1] != score("sri_4", "--show", "formula", "k=6")[1]


def test_the_installed_command_ends_with_the_same_code():
    words = [sys.executable, "-m", "escalon.cli.main", "score", "cdai", "tender=1"]
    assert subprocess.run(words, capture_output=True, timeout=60, check=False).returncode == 1


ONE = "participant,tender,swollen,esr,global_health [mm]\nP1,4,5,20,50\n"
WRITTEN = {
    "utf-16": ONE.encode("utf-16"),
    "chinese": ONE.replace("P1", "一号").encode("gb2312"),
    "semicolons with Excel's hint": ("sep=;\n" + ONE.replace(",", ";")).encode(),
    "carriage returns": ONE.replace("\n", "\r").encode(),
    "units in round brackets": ONE.replace("[mm]", "(mm)").encode(),
}


@pytest.mark.parametrize("data", WRITTEN.values(), ids=WRITTEN)
def test_a_table_is_read_however_a_program_wrote_it(score, tmp_path, data):
    (tmp_path / "v.csv").write_bytes(data)
    code, out, _ = score("das28_esr", "--table", tmp_path / "v.csv", "--json")
    assert code == 0
    assert [round(row["das28_esr"], 4) for row in json.loads(out)] == [4.5431]


BROKEN = {
    'P1,4,5,20,50\n"P2,4,5,20,50\nP3,4,5,20,50\nP4",4,5,20,50\n': "v.csv:3: one cell in quotation marks holds the lines 3 to 5",
    "P1,4,5,1,020,50\n": "v.csv:2: 6 cells, but there are 5 columns",
    "P1,4,5,2\x000,50\n": "v.csv:2: there is a NUL character",
}


@pytest.mark.parametrize(("rows", "said"), BROKEN.items())
def test_cells_that_may_stand_under_a_wrong_name_are_scored_by_no_one(score, tmp_path, rows, said):
    (tmp_path / "v.csv").write_text(ONE.split("\n", 1)[0] + "\n" + rows, encoding="utf-8")
    code, out, err = score("das28_esr", "--table", tmp_path / "v.csv")
    assert code == 2
    assert said in err
    assert out == "" or out.rstrip().endswith(",,,invalid,,NOT_READ")


def test_several_items_are_confirmed_together_or_one_by_one(score):
    given = ("cockcroft_gault", "sex=F", "age=45", "weight=65 kg", "creatinine=18 umol/L")
    for said in (("confirm=weight", "confirm=creatinine"), ("confirm=weight,creatinine",)):
        assert score(*given, *said)[0] == 0
    assert score(*given, "confirm=weight")[0] == 1
