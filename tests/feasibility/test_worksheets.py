"""Those a warehouse lists as screening worksheets: what is known filled in, what is missing marked, and nobody else."""

import re

from typer.testing import CliRunner

from escalon.cli.main import app
from tests.feasibility.hospital import DAY, write


def test_those_listed_have_a_worksheet_each_with_what_is_known_and_what_is_missing(tmp_path):
    hospital, sheet = write(tmp_path / "hospital"), tmp_path / "sheets.html"
    asked = ["feasibility", "nct07052565", "--warehouse", str(hospital), "--index-date", DAY]
    listed = CliRunner().invoke(app, [*asked, "--list", "--worksheet", str(sheet)])
    assert (listed.exit_code, "worksheets of 5 of 5 people" in listed.stderr) == (0, True), listed.output
    text = sheet.read_text(encoding="utf-8")
    assert "SYNTHETIC" in text
    people = re.findall(r"Clauses: (\w+)", text)
    assert "9" in people
    assert not {"1", "2", "3", "4"} & set(people), "nobody with a clause that is not met"
    mine = text[text.index("Clauses: 9") :]
    assert re.search(r"I-2d(?:(?!</tr>).)*met in the warehouse", mine, re.DOTALL)
    assert re.search(r"E-5(?:(?!</tr>).)*to be found out", mine, re.DOTALL)
    assert (
        "Silence counts as no for: malignant disease of any kind, at any time" in text
    )  # in words, on a page for people


def test_a_worksheet_is_of_those_listed_and_of_a_warehouse(tmp_path):
    hospital = write(tmp_path / "hospital")
    asked = ["feasibility", "nct07052565", "--warehouse", str(hospital), "--index-date", DAY]
    for others in ([], ["--sql"], ["--list", "--sql"]):
        alone = CliRunner().invoke(app, [*asked, *others, "--worksheet", str(tmp_path / "sheets.html")])
        assert (alone.exit_code, "Write --list, and leave --sql out" in alone.stderr) == (2, True), alone.output
