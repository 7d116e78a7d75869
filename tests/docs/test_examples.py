"""Every example that the README and the pages on criteria and data show comes out as it stands there."""

import doctest
import re
from pathlib import Path

import pytest

from escalon.conduct.judge.scores import scored
from escalon.criteria.english import english
from escalon.criteria.parse import CriterionError, parse
from escalon.criteria.render import render
from escalon.protocol import load_study
from escalon.sources.folder import take_in
from tests.docs.pages import ROOT, blocks
from tests.docs.refresh import SHOWN_IN, output_of


def shown_commands():
    """Each `$ escalon …` of a page with the lines that are said to come out."""
    for name in SHOWN_IN:
        for _, text in blocks(ROOT / name, ""):
            if text.startswith("$ escalon "):
                command, _, output = text.partition("\n")
                yield pytest.param(command[2:], output.splitlines(), id=f"{Path(name).name}: {command[2:60]}")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which `make demo` has been run."""
    place = tmp_path_factory.mktemp("readme")
    output_of("escalon demo --no-open", place)
    return place


@pytest.mark.parametrize(("command", "output"), list(shown_commands()))
def test_what_a_page_shows_is_what_comes_out(folder, command, output):
    lines = output_of(command, folder)
    assert [line for line in output if line.rstrip() and line.rstrip() not in lines] == [], (
        "to renew: python -m tests.docs.refresh"
    )


def readme_commands() -> list[str]:
    """The commands of the README's sentences, without those that stand for something or do not end."""
    inline = re.findall(r"`(escalon [^`]+)`", (ROOT / "README.md").read_text(encoding="utf-8"))
    return sorted({one for one in inline if not re.search(r"FOLDER|NAME|serve", one)})


@pytest.mark.parametrize("command", readme_commands())
def test_every_command_of_the_readme_runs(folder, command):
    assert [line for line in output_of(command, folder) if line.startswith("escalon: ")] == []


def criteria_rows() -> list[tuple[str, str]]:
    text = (ROOT / "docs" / "criteria.md").read_text(encoding="utf-8")
    tables = re.findall(r"^\| written \| in English \|\n\|---\|---\|\n((?:\|.*\n)+)", text, re.MULTILINE)
    assert len(tables) == 5
    return [
        (row.split("`")[1], row.strip("|").split(" | ", 1)[1].rstrip(" |"))
        for table in tables
        for row in table.splitlines()
    ]


@pytest.mark.parametrize(("text", "says"), criteria_rows())
def test_a_criterion_of_the_page_reads_as_it_says(text, says):
    assert english(parse(text)) == says
    assert parse(render(parse(text))) == parse(text)


def test_every_keyword_of_the_language_has_an_example():
    from escalon.criteria.parse import KEYWORDS

    words = {word for text, _ in criteria_rows() for word in re.findall(r"[a-z_0-9]+", text)}
    assert set(KEYWORDS) - words == {"after"} - words


def test_errors_of_the_page_are_the_errors_made():
    [(_, text)] = [block for block in blocks(ROOT / "docs" / "criteria.md", "") if "=<" in block[1]]
    for shown in text.strip().split("\n\n"):
        with pytest.raises(CriterionError) as made:
            parse(shown.splitlines()[0])
        assert str(made.value) == shown


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folders that docs/data.md prints."""
    place = tmp_path_factory.mktemp("data")
    page = ROOT / "docs" / "data.md"
    for name, text in (*blocks(page, "csv"), *blocks(page, "toml")):
        (place / name).parent.mkdir(exist_ok=True)
        (place / name).write_text(text, encoding="utf-8")
    return place


@pytest.mark.parametrize("kind", ["tidy", "redcap"])
def test_the_folders_of_the_page_are_read_without_a_remark(written, kind):
    assert take_in(load_study("nct07052565"), written / kind).problems == ()


def test_tidy_and_wide_give_the_same_score(written):
    study = load_study("nct07052565")
    values = set()
    for kind in ("tidy", "redcap"):
        [score] = [
            fact
            for fact in scored(study, take_in(study, written / kind).trial, "P01").named("das28_esr")
            if fact.visit == "screening"
        ]
        values.add(score.value)
    assert len(values) == 1


def test_the_notebook_of_the_python_page_runs(folder, monkeypatch):
    monkeypatch.chdir(folder)
    page = ROOT / "docs" / "python.md"
    lines = "\n".join(text for _, text in blocks(page, "pycon"))
    example = doctest.DocTestParser().get_doctest(lines, {}, page.name, str(page), 0)
    told: list[str] = []
    doctest.DocTestRunner(verbose=False).run(example, out=told.append)
    assert len(example.examples) > 10
    assert told == [], "".join(told)
