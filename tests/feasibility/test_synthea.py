"""Synthea's people get the same verdicts from FHIR files, from OMOP tables and from a data folder made of them."""

from pathlib import Path

import pytest

from escalon.conduct.judge.screening import Verdict, screen
from escalon.facts import Day
from escalon.feasibility.counting import MET, NOT_APPLICABLE, NOT_MET, UNKNOWN
from escalon.feasibility.inquiry import Inquiry
from escalon.feasibility.mapping_file import load_mapping
from escalon.feasibility.warehouse import open_warehouse
from escalon.protocol import load_study
from escalon.sources.folder import take_in
from tests.feasibility import synthea

CODES = {Verdict.MET: MET, Verdict.NOT_MET: NOT_MET, Verdict.UNKNOWN: UNKNOWN, Verdict.NOT_APPLICABLE: NOT_APPLICABLE}


@pytest.fixture(scope="module")
def source(shared) -> Path:
    return shared / "data" / "fhir"


def verdicts(folder: Path) -> dict[object, tuple[int, ...]]:
    day = Day.parse(synthea.DAY)
    inquiry = Inquiry(
        load_study("nct07052565"), load_mapping(folder / "warehouse.toml"), open_warehouse(str(folder)), day
    )
    return {row[0]: tuple(row[2:]) for row in inquiry.warehouse.answer(inquiry.prepared().everyone())}


def test_three_sources_of_the_same_people_agree(source, tmp_path):
    fhir = verdicts(synthea.fhir_folder(source, tmp_path / "fhir"))
    omop = verdicts(synthea.omop_folder(source, tmp_path / "omop"))
    assert len(fhir) == len(omop) == 615
    order = [one["id"] for one in synthea.resources(source, "Patient")]
    assert [fhir[who] for who in order] == [omop[number] for number in range(1, 616)]
    study, day = load_study("nct07052565"), Day.parse(synthea.DAY)
    intake = take_in(study, synthea.data_folder(source, tmp_path / "data"))
    screened = {one.participant: one for one in screen(study, intake.trial, day)}
    wrong = []
    for number, who in enumerate(order, 1):
        for place, clause in enumerate(screened[f"S{number:03d}"].clauses):
            if CODES[clause.verdict] != fhir[who][place]:
                wrong.append((who, clause.criterion.id, clause.verdict, fhir[who][place], clause.why()))
    assert wrong == []
