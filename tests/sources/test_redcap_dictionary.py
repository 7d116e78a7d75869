"""The REDCap data dictionary of a study, and its export read back without a mapping: the same facts, events and samples."""

import csv
from pathlib import Path

import pytest
from typer.testing import CliRunner

from escalon.cli.main import app
from escalon.protocol.study import Study
from escalon.sources.delimited import FolderError
from escalon.sources.folder import take_in
from escalon.sources.redcap import HEADER, MARK, _coded, dictionary_rows, own_exports

EXPORT = (
    "record_id,redcap_event_name,redcap_repeat_instrument,redcap_repeat_instance,visit_date,disease,sex,weight,malignancy,"
    "platelets,platelets_unit,alt,alt_upper,igg,igg_unit,sledai_2k_rash,ae_term,ae_grade,ae_start,ae_serious,dose_level,"
    "dose_date,sample_analyte,sample_date,sample_value,sample_unit,sample_lloq,escalon_visit_complete,adverse_events_complete\n"
    "P01,scr_arm_1,,,2025-02-07,ra,female,70,0,250,10_9_l,36,40,<5,g_l,nk,,,,,,,,,,,,2,0\n"
    "P01,d0_arm_1,adverse_events,1,,,,,,,,,,,,,Nausea,1,2025-03-08,0,,,,,,,,,2\n"
    "P01,d0_arm_1,doses,1,,,,,,,,,,,,,,,,,1,2025-03-05,,,,,,,\n"
    "P01,d0_arm_1,samples,1,,,,,,,,,,,,,,,,,,,car_transgene,2025-03-14,120,copies/µL,5,,\n"
)


def columns(study: Study) -> dict[str, dict[str, str]]:
    header, *rows = dictionary_rows(study)
    return {row[0]: dict(zip(header, row, strict=True)) for row in rows}


def test_every_name_of_the_study_has_a_field_of_its_own(study):
    rows = dictionary_rows(study)
    assert rows[0] == list(HEADER)
    names = [row[0] for row in rows[1:]]
    assert len(set(names)) == len(names)
    assert all(name.replace("_", "").isalnum() and name[0].isalpha() and name == name.lower() for name in names)
    recorded = [one for one in study.vocabulary.values() if not one.computed]
    assert len(names) > len(recorded)


def test_a_measured_number_is_not_validated_so_that_a_limit_can_be_entered(study):
    fields = columns(study)
    assert fields["crp"]["Text Validation Type OR Show Slider Number"] == ""
    assert fields["age"]["Text Validation Type OR Show Slider Number"] == "integer"
    assert fields["platelets_unit"]["Choices, Calculations, OR Slider Labels"] == "10_9_l, 10^9/L | ul, /uL"
    assert "alt_upper" in fields


def test_choices_that_look_alike_have_codes_of_their_own_whatever_their_order():
    texts = ["1+", "1", "-", "阳性", "阴性", "mg/dL", "g/L", "G/L"]
    one, other = _coded(texts), _coded(texts[::-1])
    assert one == other
    assert sorted(one.values()) == sorted(texts)
    assert all(code.isascii() and code.replace("_", "").isalnum() for code in one)
    assert (one["mg_dl"], _coded(["10^9/L", "/uL"])) == ("mg/dL", {"10_9_l": "10^9/L", "ul": "/uL"})


def test_an_export_is_read_without_a_mapping(study: Study, tmp_path: Path) -> None:
    (tmp_path / "CART_DATA_2025-04-01.csv").write_text(EXPORT, encoding="utf-8")
    found = take_in(study, tmp_path)
    assert [str(one) for one in found.problems if one.refused] == []
    facts = {
        one.event.fact.name: (one.event.fact.value, one.event.fact.unit, one.event.fact.upper, one.event.fact.visit)
        for one in found.entries
        if hasattr(one.event, "fact")
    }
    assert facts["disease"][0] == "RA"
    assert facts["platelets"] == ("250", "10^9/L", None, "SCR")
    assert facts["alt"] == ("36", "U/L", "40", "SCR")
    assert facts["igg"][:2] == ("<5", "g/L")
    assert facts["malignancy"][0] == "no"
    assert facts["sledai_2k.rash"][0] == "not known"
    assert sorted(type(one.event).__name__ for one in found.entries if not hasattr(one.event, "fact")) == [
        "AdverseEventRecorded", "CellsInfused", "SampleMeasured",
    ]  # fmt: skip
    assert [str(one) for one in found.problems if "not mapped" in one.message] == []


def test_a_line_of_an_instrument_nobody_knows_is_named(study: Study, tmp_path: Path) -> None:
    (tmp_path / "export.csv").write_text(EXPORT.replace("doses,1", "diary,1"), encoding="utf-8")
    refused = take_in(study, tmp_path).refused
    assert [(one.line, one.column, one.text if hasattr(one, "text") else one.value) for one in refused] == [
        (4, "redcap_repeat_instrument", "diary")
    ]


@pytest.mark.parametrize("gone", ["", "redcap_repeat_instrument"])
def test_an_event_of_a_form_that_does_not_repeat_is_named(study: Study, tmp_path: Path, gone: str) -> None:
    """A project that left out to make events a repeating instrument exports them in the lines of the visits."""
    text = EXPORT.replace("adverse_events,1", ",")
    text = text.replace(gone, "made_otherwise") if gone else text
    (tmp_path / "export.csv").write_text(text, encoding="utf-8")
    refused = {(one.line, one.column) for one in take_in(study, tmp_path).refused}
    assert (3, "ae_term") in refused


def test_a_form_of_events_that_nobody_filled_is_silence(study: Study, tmp_path: Path) -> None:
    lines = EXPORT.splitlines(keepends=True)
    (tmp_path / "export.csv").write_text(
        "".join(one for one in lines if ",adverse_events,1," not in one), encoding="utf-8"
    )
    found = take_in(study, tmp_path)
    assert "adverse_events" not in found.trial.attested
    assert [one.message for one in found.problems] == [
        "there is no such table. If there was no event, write the table with its header only"
    ]


@pytest.mark.parametrize("text", [b"Notizen;\xe9\xff\nx", b"a,a\n1,2\n", b"", b'a,"b\n1,2\n'])
def test_a_file_that_is_no_table_of_the_trial_stops_nothing(study: Study, tmp_path: Path, text: bytes) -> None:
    (tmp_path / "facts.csv").write_text(
        "participant,fact,value,unit,date\nP01,sex,female,,2025-02-07\n", encoding="utf-8"
    )
    (tmp_path / "notes.csv").write_bytes(text)
    assert take_in(study, tmp_path).account().startswith("1 rows read = 1 used + 0 refused")
    (tmp_path / "notes.csv").write_text(f"{MARK},{MARK}\n", encoding="utf-8")
    with pytest.raises(FolderError, match="stands twice"):
        take_in(study, tmp_path)


def test_a_name_that_two_visits_shorten_to_is_neither(study: Study, tmp_path: Path) -> None:
    long = [study.visits[0].model_copy(update={"id": f"LONG_TERM_FOLLOW_UP_{at}"}) for at in (1, 2)]
    several = study.model_copy(update={"visits": (*study.visits, *long)})
    (tmp_path / "export.csv").write_text(EXPORT.replace("scr_arm_1", "long_term_follow_u_arm_1"), encoding="utf-8")
    facts, *_ = own_exports(several, tmp_path)
    assert {row.cells["visit"] for row in facts.table.rows} == {"long_term_follow_u_arm_1"}
    assert [one.message.partition(" of ")[2].partition(",")[0] for one in facts.notes] == [
        "the study's REDCap dictionary: table 1"
    ]


def test_every_field_is_read_back_as_the_fact_it_was_written_for(study: Study, tmp_path: Path) -> None:
    """One line with every field filled, each with its first code: every recorded name comes back with what the code means."""
    fields = columns(study)
    line, meant = {"record_id": "P01", "visit_date": "2025-02-07", MARK: "2"}, {}
    for variable, one in fields.items():
        choices = one["Choices, Calculations, OR Slider Labels"]
        code, _, text = choices.split(" | ")[0].partition(", ")
        line.setdefault(variable, code or "2025-01-01" if "date" in one[HEADER[7]] else code or "7")
        meant[variable] = text or line[variable]
    with (tmp_path / "export.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerows([line.keys(), line.values()])
    wide, *_ = own_exports(study, tmp_path)
    read = {row.cells["fact"]: row for row in wide.table.rows}
    recorded = [one for one in study.vocabulary.values() if not one.computed]
    assert read.keys() == {one.name for one in recorded}
    for one in recorded:
        variable = next(name for name in (one.name, one.name.replace(".", "_").lower()) if name in fields)
        row = read[one.name]
        assert row.broken is None
        assert row.cells["value"] == meant[variable]
        unit = meant[f"{variable}_unit"] if len(one.units) > 1 else one.units[0] if one.units else ""
        assert row.cells["unit"] == unit


def test_the_command_writes_the_dictionary(tmp_path):
    found = CliRunner().invoke(app, ["study", "redcap", "nct07052565", "-o", str(tmp_path / "dictionary.csv")])
    assert found.exit_code == 0, found.output
    with (tmp_path / "dictionary.csv").open(encoding="utf-8-sig", newline="") as file:
        assert next(csv.reader(file)) == list(HEADER)
