"""What is not infused is not called so: our sentences take the words that fit, a person's words stay as they are."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from escalon.conduct.judge.lymphodepletion import regimens_of, signer_of
from escalon.protocol import load_study
from escalon.protocol.own_words import in_own_words
from escalon.protocol.prose import escalation_sentences
from escalon.protocol.record import clauses
from escalon.reporting.build import own, slug
from escalon.reporting.document import Cell, Document, Figure, Ground, Section, Table, Text
from escalon.reporting.in_words import in_words_of
from tests.protocol.folders import HERON, LANTERN, changed, refusal


@pytest.mark.parametrize(
    ("ours", "said"),
    [
        ("everybody infused", "everybody treated"),
        ("Nobody has been infused.", "Nobody has been treated."),
        ("days from infusion", "days from the first dose"),
        ("Day 0 is the infusion.", "Day 0 is the first dose."),
        ("days from the end of infusion", "days from the first dose"),
        ("No sample of an infused participant", "No sample of a treated participant"),
        ("Infused, but not eligible", "Treated, but not eligible"),
        ("cells infused: level 1, 25 mg", "dose given: level 1, 25 mg"),
        ("until each infusion", "until each dose"),
        ("Infusion related reaction, grade 2", "Infusion related reaction, grade 2"),
        ("Infusion site extravasation after infusion", "Infusion site extravasation after the first dose"),
        ("car_t_infusion", "car_t_infusion"),
    ],
)
def test_a_study_without_cells_says_what_it_gives(ours: str, said: str) -> None:
    assert in_own_words(load_study(HERON))(ours) == said
    assert in_own_words(load_study("nct07052565"))(ours) == ours


def test_what_people_wrote_stays_as_they_wrote_it() -> None:
    say = in_own_words(load_study(HERON), ["a rash after the second infusion"])
    assert say("P01: a rash after the second infusion, infused on day 0") == (
        "P01: a rash after the second infusion, treated on day 0"
    )


def test_a_document_is_said_whole_and_its_names_stay() -> None:
    ground = Ground("P01", "infused on a day", "2025-03-01", "yes", "doses.csv:2")
    table = Table("T1", "infused", (), (), "everybody infused", ("since infusion",), "Nobody has been infused.")
    figure = Figure("F1", "after infusion", "<text>days from infusion</text><g id='infused'/>", "infused people")
    cells = (Cell("infused", grounds=(ground,), method="infused"),)
    section = Section("1", "Infused", (table, figure, Text("infused", grounds=(ground,))))
    made = Document("a study", "title", "v", "infused", "", False, (section,))
    found = in_words_of(made, in_own_words(load_study(HERON)))
    assert found.name == "infused"
    assert found.sections[0].title == "Treated"
    said, drawn, text = found.sections[0].blocks
    assert said == replace(table, title="treated", about="everybody treated", notes=("since the first dose",),
                           empty="Nobody has been treated.")  # fmt: skip
    assert isinstance(drawn, Figure)
    assert drawn.svg == "<text>days from the first dose</text><g id='infused'/>"
    assert isinstance(text, Text)
    assert text.grounds == (ground,)
    assert in_words_of(cells[0], in_own_words(load_study(HERON))) == Cell("treated", None, (ground,), "infused")


def test_the_rule_of_a_study_without_cells_names_neither_bags_nor_an_infusion() -> None:
    said = " ".join(escalation_sentences(load_study(HERON)))
    assert "days from the first dose (day 0)" in said
    assert not re.search(r"\b([Bb]ags?|[Ii]nfus)", said)
    assert "Bags given on one day are one dose." in escalation_sentences(load_study(LANTERN))


@pytest.mark.parametrize("disease", ["ALL", "all", "N", "Characteristic"])
def test_a_disease_may_be_called_what_our_tables_call_their_columns(disease: str) -> None:
    assert own(disease) not in ("all", "n", "characteristic")
    assert own("SLE") == slug("SLE")


@pytest.mark.parametrize(
    "heading",
    ["Eligibility Criteria", "Eligibility", "Key Inclusion Criteria", "Primary endpoints", "Secondary outcomes:"],
)
def test_the_usual_headings_ask_for_no_quotation(heading: str) -> None:
    assert [one.text for one in clauses(f"{heading}\nAge 18 or more.\n")] == ["Age 18 or more."]


def test_a_regimen_that_the_folder_chose_and_asks_nothing_about_is_the_protocols(tmp_path: Path) -> None:
    chosen = '\n[lymphodepletion]\ndrugs = ["fludarabine"]\nchosen = "own"\n[[lymphodepletion.regimen]]\nid = "own"\n'
    chosen += 'drugs = [{ drug = "fludarabine", mg_per_m2 = 25, days = [-4] }]\n[roles]'
    study = load_study(changed(tmp_path, "study.toml", "\n[roles]", chosen))
    (regimen,) = regimens_of(study)
    assert signer_of(study, regimen) == f"the protocol of {study.id}"
    bundled = load_study("nct07052565")
    assert [signer_of(bundled, one) for one in regimens_of(bundled)] == [None, None]


def test_a_role_that_nothing_plays_says_what_to_declare(tmp_path: Path) -> None:
    error = refusal(changed(tmp_path, "study.toml", "[roles]", '[roles]\ncells = "plasma_x"'))
    assert 'declare [fact.plasma_x] with kind = "number" and its unit' in str(error).lower()
