"""What cannot be folded, read or known is refused before it is committed, and the next act works."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.casebook.test_casebook_commands import Call, made_once, run

__all__ = ["made_once", "run"]


def whole_and_working(run: Call) -> None:
    assert run("verify book").exit_code == 0
    status = run("casebook status book --as ines")
    assert status.exit_code == 0, status.output


@pytest.mark.parametrize(
    "line",
    [
        "RoleGranted account=ghost held=monitor at_site=* --as ada",
        "SecretSet account=ghost --as ada",
        "AccountOpened account=ines printed_name=Mallory --as ada",
        "AccountRevoked account=ghost --as ada",
        "BackupMade upto=99999 digest=0 --as ada",
        "AmendmentAdopted study_version=9 --as ada",
        "FolderImported recorded=1 --as ada",
        "CheckpointKeyChanged public_key=zz --as ada",
        "MarkedSynthetic --as ines",
    ],
)
def test_what_has_its_own_command_is_recorded_by_it_alone(run: Call, line: str) -> None:
    before = json.loads(run("verify book --json").stdout)["ends_in"]
    refused = run(f"casebook record book {line}")
    assert refused.exit_code in (1, 2), refused.output
    assert "Traceback" not in refused.output
    assert json.loads(run("verify book --json").stdout)["ends_in"] == before
    whole_and_working(run)


CONSENT = "casebook record book ParticipantConsented participant=P-1 site=S1 form=v1 signed_on=2026-03-01 --as carla"


@pytest.mark.parametrize("day", ["2026-03", "banana", "2026-02-30", "", "0000-01-01", "2026-13-01"])
@pytest.mark.parametrize(
    "what",
    [
        "CellsInfused level=3 product=x cells_per_kg=600000 on={} --as ines",
        "TreatmentGiven treatment=rituximab start={} --as carla",
    ],
)
def test_a_day_that_is_none_is_refused_or_kept_as_partial(run: Call, what: str, day: str) -> None:
    assert run(CONSENT).exit_code == 0
    kind, *rest = what.format(day).split()
    told = run(f"casebook record book {kind} participant=P-1 {' '.join(rest)}")
    assert "Traceback" not in told.output
    assert told.exception is None or isinstance(told.exception, SystemExit), told.exception
    undated = kind == "TreatmentGiven" and day in ("2026-03", "")  # a course may be dated in part, or not at all
    if not undated:
        assert told.exit_code in (1, 2), told.output
    whole_and_working(run)


def test_no_infusion_of_somebody_who_only_consented(run: Call) -> None:
    assert run(CONSENT).exit_code == 0
    line = (
        "casebook record book CellsInfused participant=P-1 level=3 product=x cells_per_kg=600000 on=2026-03-01 --as {}"
    )
    assert run(line.format("carla")).exit_code == 1
    refused = run(line.format("ines"))
    assert (refused.exit_code, "[eligibility]" in refused.output) == (1, True), refused.output


@pytest.mark.parametrize(
    ("fact", "says"),
    [
        ("fact.name=altt fact.value=31 fact.unit=U/L", "alt"),
        ("fact.name=alt fact.value=banana fact.unit=U/L", "banana"),
        ("fact.name=creatinine fact.value=0.9 fact.unit=umol/L", "creatinine"),
        ("fact.name=alt fact.value=31", "unit"),
    ],
)
def test_what_the_dictionary_cannot_read_is_refused_when_it_is_recorded(run: Call, fact: str, says: str) -> None:
    assert run(CONSENT).exit_code == 0
    line = f"casebook record book FactRecorded participant=P-1 fact.day=2026-03-01 {fact} --as carla"
    refused = run(line)
    assert (refused.exit_code, says in refused.output) == (1, True), refused.output
    whole_and_working(run)


@pytest.mark.parametrize(
    "line",
    [
        "TreatmentGiven treatment=rituksimab start=2026-03-01",
        "SampleMeasured analyte=b_cells date=2026-02-30 value=1 unit=cells/uL",
        "SampleMeasured analyte=b_cells date=2026-03-01 value=banana unit=cells/uL",
        "SampleMeasured analyte=bananas date=2026-03-01 value=1 unit=cells/uL",
    ],
)
def test_a_treatment_and_a_sample_are_held_against_the_dictionary_too(run: Call, line: str) -> None:
    assert run(CONSENT).exit_code == 0
    kind, *rest = line.split()
    refused = run(f"casebook record book {kind} participant=P-1 {' '.join(rest)} --as carla")
    assert (refused.exit_code, "[dictionary]" in refused.output) == (1, True), refused.output
    whole_and_working(run)


def test_an_unusual_value_is_confirmed_with_a_reason(run: Call) -> None:
    assert run(CONSENT).exit_code == 0
    fact = "participant=P-1 fact.day=2026-03-01 fact.name=creatinine fact.value=0.9 fact.unit=umol/L fact.confirmed=yes"
    silent = run(f"casebook record book FactRecorded {fact} --as carla")
    assert (silent.exit_code, "fact.confirmed_why" in silent.output) == (1, True), silent.output
    said = run(f"casebook record book FactRecorded {fact} fact.confirmed_why=measured-twice --as carla")
    assert said.exit_code == 0, said.output


def test_the_mark_of_invented_people_travels(run: Call) -> None:
    data = Path("data")
    data.mkdir()
    (data / "SYNTHETIC.txt").write_text("invented people")
    (data / "facts.csv").write_text(
        "participant,fact,value,unit,date,source,visit,lower,upper\nP01,informed_consent,2025-01-02,,2025-01-02,form,,,\n"
    )
    taken = run("casebook import book data --record --participants-of S1 --as ines")
    assert taken.exit_code == 0, taken.output
    written = run("casebook data book out --as ines")
    assert written.exit_code == 0, written.output
    assert Path("out/SYNTHETIC.txt").exists()
