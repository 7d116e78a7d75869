"""No study stands in code: its facts, diseases and name are data of its folder."""

import ast
import re
from pathlib import Path

from escalon.instruments import catalogue
from escalon.instruments.safety.ctcae.laboratory import tests as laboratory_tests
from escalon.protocol import load_study
from escalon.protocol.folder import bundled_studies
from escalon.studies import DEFAULT
from tests.protocol.folders import HERON, STORK

SRC = Path(__file__).parents[2] / "src" / "escalon"
KNOWN: set[str] = set()
"""Files that may name a fact of a study: none."""
OF_MEDICINE = {
    "height",
    "weight",
    "death",
    "dlt_review",
    "leukapheresis",
    "neutrophils",
    "platelets",
    "haemoglobin",
    "iga",
    "igm",
    "igg",
    "wbc",
    "alt",
    "ast",
}
"""Words that are also those of a role, of the laboratory or of published medicine."""


def names() -> set[str]:
    """What the bundled studies call their own facts, as no instrument does."""
    studies = [load_study(name) for name in bundled_studies()]
    own = {
        name for one in studies for name, fact in one.vocabulary.items() if fact.origin == "study" and fact.place.file
    }
    return own - OF_MEDICINE - {"disease"}


def naming() -> dict[str, set[str]]:
    """The files outside studies/ that name such a fact as a text of its own, and which."""
    wanted = re.compile("[\"'](" + "|".join(sorted(names())) + ")[\"']")
    found = {}
    for path in SRC.rglob("*.py"):
        place = path.relative_to(SRC).as_posix()
        if not place.startswith(("studies/", "instruments/", "kinetics/", "safety/")) and (
            hits := set(wanted.findall(path.read_text(encoding="utf-8")))
        ):
            found[place] = hits
    return found


def test_no_fact_of_a_study_stands_in_code() -> None:
    assert {place: hits for place, hits in naming().items() if place not in KNOWN} == {}


def test_the_facts_of_the_studies_are_looked_for() -> None:
    assert {"car_t_infusion", "informed_consent", "study_discontinuation", "car_transgene"} <= names()


USUAL = {"disease", "death", "alt"}
"""Words of every report: the name of a column, a mark of a figure, the text beside a picture."""


def test_the_report_knows_no_fact_score_or_laboratory_test_by_name() -> None:
    """What is drawn, summarised and listed is what the study declares; the report has words of its own for none of it."""
    studies = [load_study(one) for one in (*bundled_studies(), HERON, STORK)]
    known = {name for one in studies for name in one.vocabulary} | {*catalogue(), *laboratory_tests()}
    found = {
        f"{path.relative_to(SRC)}:{node.lineno}": node.value
        for path in (SRC / "reporting").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and node.value in known - USUAL
    }
    assert found == {}
    assert {"igg", "neutrophils", "sledai_2k", "height", "crp", "ck"} <= known


def test_no_study_is_named_in_a_decision() -> None:
    rooms = ("facts", "expressions", "criteria", "escalation", "safety", "history", "protocol", "sources", "conduct")
    files = [path for room in rooms for path in (SRC / room).rglob("*.py")]
    named = [
        path.name
        for path in files
        if any(
            f'"{one}"' in re.sub(r'"""[\s\S]*?"""', "", path.read_text(encoding="utf-8")) for one in bundled_studies()
        )
    ]
    assert files
    assert named == []


WRITTEN = {".py", ".html", ".j2", ".toml", ".js", ".css", ".po", ".typ", ".lark", ".txt"}
PLACES_OF_A_RECORD = re.compile(r"NCT\d{8}|ISRCTN\d{8}", re.IGNORECASE)


def outside_studies() -> list[Path]:
    """Every text of the product but the studies' own folders."""
    return [
        path
        for path in SRC.rglob("*")
        if path.suffix in WRITTEN and not path.relative_to(SRC).as_posix().startswith("studies/")
    ]


def test_no_registry_number_no_product_and_no_site_stands_outside_studies() -> None:
    bundled = [load_study(name) for name in bundled_studies()]
    words = [one.dose.product for one in bundled] + [place.name for one in bundled for place in one.location]
    told = re.compile("|".join((PLACES_OF_A_RECORD.pattern, *map(re.escape, filter(None, words)))), re.IGNORECASE)
    found = {
        path.relative_to(SRC).as_posix(): hits
        for path in outside_studies()
        if (hits := set(told.findall(path.read_text(encoding="utf-8"))))
    }
    assert found == {}
    assert told.search("such as nct07052565")


def test_no_disease_of_a_study_stands_in_code() -> None:
    """An instrument may name the disease it is published for; nothing else knows a disease by its short name."""
    codes = {one.id for name in bundled_studies() for one in load_study(name).diseases}
    found = {
        f"{path.relative_to(SRC)}:{node.lineno}": node.value
        for path in SRC.rglob("*.py")
        if not path.relative_to(SRC).as_posix().startswith(("studies/", "instruments/"))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and node.value in codes
    }
    assert found == {}
    assert {"RA", "SLE"} <= codes


def test_the_study_a_command_means_unless_told_is_declared_once() -> None:
    assert DEFAULT in bundled_studies()
    assert [path.name for path in (SRC / "studies").iterdir() if path.suffix == ".txt"] == ["default.txt"]
