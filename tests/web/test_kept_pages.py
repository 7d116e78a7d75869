"""What a page found before is shown again only while nothing it rests on has changed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from escalon.casebook.casebook import Casebook
from escalon.casebook.location import open_casebook
from escalon.conduct.judge.waiting import Urgency, Waiting
from escalon.conduct.permit.refusal import Refused
from escalon.conduct.record.recording import Conduct
from escalon.history.events import AllocationReleased, ParticipantConsented
from escalon.history.kept_facts import FactsByName
from escalon.protocol import load_study
from escalon.sources import delimited, taking
from escalon.web.workbench import Workbench
from tests.casebook.conftest import clock, sqlite_casebook  # noqa: F401
from tests.casebook.trial import CARLA, INES, person
from tests.web.bench import client, served

pytest.importorskip("httpx2")


def row(browser: Any, code: str = "P-1") -> dict[str, Any]:
    """A participant's row of the list."""
    (found,) = (one for one in browser.get("/participants.json").json()["rows"] if one["code"] == code)
    assert isinstance(found, dict)
    return found


def test_a_place_taken_and_given_back_stands_in_the_list(sqlite_casebook: Casebook) -> None:  # noqa: F811
    bench, trial = served(sqlite_casebook)
    trial.open_cohort(1, 1)
    trial.enter("P-1")
    browser = client(bench, "carla")
    assert row(browser)["state"] == "eligible, signed"
    trial.allocate("P-1", 1)
    assert (row(browser)["state"], row(browser)["level"]) == ("place in cohort 1", 1)
    trial.record(INES, AllocationReleased(participant="P-1", cohort=1, place=1, reason="wish"))
    assert (row(browser)["state"], row(browser)["level"]) == ("eligible, signed", None)


def test_what_is_attested_of_everybody_stands_in_everybodys_row(sqlite_casebook: Casebook) -> None:  # noqa: F811
    bench, trial = served(sqlite_casebook)
    trial.open_cohort(1, 1)
    trial.prepare("P-1", 1, 1)
    trial.infuse("P-1", 1)
    trial.days(29)
    browser = client(bench, "carla")
    silent = row(browser)["outcome"]
    trial.nothing_to_report()
    assert (silent, row(browser)["outcome"]) == ("pending", "no DLT")


def test_what_was_found_before_somebody_else_recorded_is_not_kept_for_after(sqlite_casebook: Casebook) -> None:  # noqa: F811
    bench, trial = served(sqlite_casebook)
    other = Conduct(open_casebook(Path(str(sqlite_casebook.place)), clock=trial.clock), trial.conduct.study)
    try:
        with bench.standing() as stands:  # another computer records while this page is made
            other.record(CARLA, ParticipantConsented(participant="P-9", site="S1", form="v1", signed_on=trial.today()))
            find = lambda: tuple(stands.participants)  # noqa: E731
            assert bench.kept("who", bench.mark(stands), find) == ()
        with bench.standing() as after:
            assert bench.kept("who", bench.mark(after), lambda: tuple(after.participants)) == ("P-9",)
    finally:
        other.casebook.close()


def test_what_was_found_before_a_file_changed_is_not_kept_for_after(tmp_path: Path) -> None:
    facts = tmp_path / "facts.csv"
    facts.write_text("participant,fact,value,unit,date\nP-1,weight,60,kg,2025-01-02\n")
    bench = Workbench(load_study("nct07052565"), folder=tmp_path)
    with bench.standing() as before:
        facts.write_text(
            "participant,fact,value,unit,date\nP-1,weight,60,kg,2025-01-02\nP-22,weight,70,kg,2025-01-02\n"
        )
        assert bench.kept("who", bench.mark(before), lambda: before.participants) == ("P-1",)
    with bench.standing() as after:
        assert bench.kept("who", bench.mark(after), lambda: after.participants) == ("P-1", "P-22")
        assert bench.kept("who", bench.mark(after), lambda: ("anew",)) == ("P-1", "P-22")  # and then it is kept


def test_a_folder_so_large_that_its_facts_are_kept_as_columns_has_its_pages(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delimited, "LARGE", 0)
    monkeypatch.setattr(taking, "MANY", 0)
    days = "".join(f"P-{who},weight,{60 + day},kg,2025-01-{day:02d}\n" for who in (1, 2) for day in range(1, 29))
    (tmp_path / "facts.csv").write_text(f"participant,fact,value,unit,date\n{days}")
    bench = Workbench(load_study("nct07052565"), folder=tmp_path)
    with bench.standing() as trial:
        assert isinstance(trial.courses["P-1"].facts, FactsByName)
    browser = client(bench)
    for page in ("/", "/participants", "/participants/P-1", "/participants/P-1/screening", "/safety"):
        assert browser.get(page).status_code == 200, page
    assert [one["code"] for one in browser.get("/participants.json").json()["rows"]] == ["P-1", "P-2"]


def test_nobody_of_one_site_states_for_another_that_nothing_happened(sqlite_casebook: Casebook) -> None:  # noqa: F811
    bench, trial = served(sqlite_casebook)
    trial.open_cohort(1, 1)
    trial.prepare("P-1", 1, 1)
    trial.infuse("P-1", 1)
    browser = client(bench, "carla")
    assert browser.get("/safety.json").json()["may_attest"]
    there = ParticipantConsented(participant="P-2", site="S2", form="v1", signed_on=trial.today())
    trial.record(person("igor"), there)
    assert not browser.get("/safety.json").json()["may_attest"]
    with pytest.raises(Refused, match="at site S2"):
        trial.nothing_to_report()


def test_what_waits_of_the_trial_stands_above_however_many_wait(sqlite_casebook: Casebook) -> None:  # noqa: F811
    bench, trial = served(sqlite_casebook)
    of_people = [
        Waiting("DltWindowReviewed", f"P{one}", "Review", "closed", Urgency.TODAY, "late", trial.today())
        for one in range(60)
    ]
    late = Waiting("DecisionProposed", "", "The dose rule gives no answer", "why", Urgency.TODAY, "blocks dosing")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("escalon.web.desk.waiting_of_record", lambda trial: [*of_people, late])
        page = client(bench, "ines").get("/").text
    assert ("The dose rule gives no answer" in page, "10 more" in page) == (True, True)


def test_a_trial_of_hundreds_has_pages_that_are_read(sqlite_casebook: Casebook) -> None:  # noqa: F811
    bench, trial = served(sqlite_casebook)
    told = [
        ParticipantConsented(participant=f"P{one:03}", site="S1", form="v1", signed_on=trial.today())
        for one in range(1, 121)
    ]
    trial.conduct.record_all(CARLA, told)
    browser = client(bench, "ines")
    today = browser.get("/")
    assert today.text.count("<tr>") <= 50
    assert "70 more" in today.text
    assert sum(len(one["matters"]) for one in browser.get("/today.json").json()["groups"]) == 120
    pages = [browser.get(f"/screening?page={one}").text for one in (1, 2, 3, "x", 99)]
    assert [page.count('class="grp"') for page in pages] == [50, 50, 20, 50, 20]
    assert len(browser.get("/screening.json").json()["participants"]) == 120
