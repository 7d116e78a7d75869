"""Stories in a real browser: fever to grade, proposal and judgement; the committee signs, and a late DLT makes it stale."""

from pathlib import Path
from typing import Any

import pytest

from escalon.casebook.casebook import Casebook
from escalon.history.events import AdverseEventRecorded, DltAdjudicated
from tests.casebook.conftest import clock, sqlite_casebook
from tests.casebook.trial import INES, SECRET
from tests.web.bench import served
from tests.web.live import IN_CHROMIUM, acted, at, expect, pictured, standing

__all__ = ["clock", "sqlite_casebook"]
pytestmark = IN_CHROMIUM


def answer(page: Any, **said: str) -> None:
    for name, value in said.items():
        box = page.locator(f"[id='CRS.{name}']")
        if box.evaluate("e => e.tagName") == "SELECT":
            box.select_option(value)
        else:
            box.fill(value)


def observe(page: Any, **said: str) -> None:
    answer(page, **said)
    page.locator("#round button").click()
    page.wait_for_load_state()


def infused_four_days_ago(casebook: Casebook) -> Any:
    """The workbench of a trial of one person, in the DLT window of level 1."""
    bench, trial = served(casebook)
    trial.open_cohort(1, 1)
    trial.prepare("P1", 1, 1)
    trial.infuse("P1", 1)
    trial.days(4)
    return bench


def test_fever_becomes_a_grade_a_proposal_and_a_judgement_and_lifts_the_block(
    window: Any, sqlite_casebook: Casebook
) -> None:
    bench = infused_four_days_ago(sqlite_casebook)
    here = "/participants/P1/safety"
    with standing(bench) as address:
        nurse, doctor = at(window, address, "carla", SECRET), at(window, address, "ines", SECRET)
        nurse.goto(address + here)
        nurse.fill("[name='ICANS.ice']", "9")
        observe(nurse, temp_c="39.4", hypotension="yes", vasopressors="2", oxygen="none")
        nurse.wait_for_selector("text=Record CRS grade 4")
        pictured(nurse, "safety-round")
        nurse.click("text=Record CRS grade 4")
        nurse.wait_for_selector("text=Recorded")
        left = {name: nurse.input_value(f"[name='{name}']") for name in ("CRS.temp_c", "ICANS.ice")}
        assert left == {"CRS.temp_c": "", "ICANS.ice": "9"}, "the other round's answers are not lost"
        doctor.goto(address + here)
        assert "DLT" in doctor.inner_text("#dlt")
        doctor.goto(address + "/cohorts")
        assert "is not decided" in doctor.inner_text("main")
        doctor.goto(address + here)
        acted(doctor, "text=Have the rule propose")
        doctor.check("[name=is_dlt][value=no]")
        doctor.fill("#because", "caused by a line infection")
        pictured(doctor, "safety-judging")
        acted(doctor, "button:has-text('Adjudicate')")
        assert "no DLT: caused by a line infection" in doctor.inner_text("#dlt")
        doctor.goto(address + "/cohorts")
        assert "is not decided" not in doctor.inner_text("main")


def test_the_committee_signs_by_two_and_a_late_dlt_makes_it_stale(window: Any, sqlite_casebook: Casebook) -> None:
    bench, trial = served(sqlite_casebook)
    trial.treat_cohort(1, 1, "P1", "P2", "P3")
    with standing(bench) as address:
        stan, cora, cyrus = (at(window, address, name, SECRET) for name in ("stan", "cora", "cyrus"))
        stan.goto(f"{address}/cohorts")
        acted(stan, "text=Lay the rule's decision before the committee")
        here = f"{address}/decisions/{max(bench.conduct.trial.decisions)}"
        for person in (cora, cyrus):
            person.goto(here)
            person.check("[name=meaning]")
            person.fill("#password", SECRET)
            acted(person, "button:has-text('Sign: I decided')")
            person.wait_for_selector("text=you signed this decision")
            if person is cora:
                assert "1 of 2 signatures" in person.inner_text("main")
                pictured(person, "decision-one-signature")
        assert "in force" in cyrus.inner_text("main")
        stan.goto(f"{address}/cohorts")
        acted(stan, "button:has-text('Open cohort 2')")
        assert bench.conduct.trial.cohorts[2].opened.level == 2
        pictured(stan, "cohorts")
        late = AdverseEventRecorded(
            participant="P2", term="CRS", grade=4, start=bench.conduct.trial.courses["P2"].infused
        )
        number = trial.record(INES, late).number
        trial.record(INES, DltAdjudicated(participant="P2", is_dlt=True, because="CRS grade 4", rests_on=(number,)))
        cora.goto(here)
        assert "This decision is stale." in cora.inner_text("main")
        pictured(cora, "decision-stale")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_clinical_pages_have_no_finding_of_axe_and_reflow(
    window: Any, sqlite_casebook: Casebook, scheme: str
) -> None:
    bench, trial = served(sqlite_casebook)
    trial.treat_cohort(1, 1, "P1", "P2", "P3")
    trial.decide(2)
    trial.enter("P4")
    number = max(bench.conduct.trial.decisions)
    axe = (Path(__file__).parent / "axe.min.js").read_text(encoding="utf-8")
    pages = (
        "/cohorts", "/cohorts/1", f"/decisions/{number}", "/safety", "/participants/P1", "/participants/P1/safety?term=Nausea",
        "/participants/P4/treatment", "/participants/P4/infusion",
    )  # fmt: skip
    with standing(bench) as address:
        page = at(window, address, "ines", SECRET, bypass_csp=True)
        page.emulate_media(color_scheme=scheme)
        for place in pages:
            page.set_viewport_size({"width": 1280, "height": 900})
            page.goto(address + place)
            page.evaluate(axe)
            said = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
            found = [
                (one["id"], one["nodes"][0]["html"][:90]) for one in said["violations"] if one["impact"] != "minor"
            ]
            assert found == [], place
            for width in (820, 320):
                page.set_viewport_size({"width": width, "height": 900})
                assert page.evaluate("document.documentElement.scrollWidth") <= width, (place, width)


def test_a_grade_of_answers_that_have_changed_is_not_recorded_and_none_leaves_for_a_server_that_is_gone(
    window: Any, sqlite_casebook: Casebook
) -> None:
    bench = infused_four_days_ago(sqlite_casebook)
    with standing(bench) as address:
        nurse = at(window, address, "carla", SECRET)
        nurse.goto(f"{address}/participants/P1/safety")
        answer(nurse, temp_c="39.4", hypotension="yes", vasopressors="2", oxygen="none")
        record = nurse.locator("#grades form[action='/acts/observe'] button")
        expect(record).to_have_text("Record CRS grade 4")
        nurse.context.set_offline(True)
        record.click()
        expect(nurse.locator("#grades [role=alert].note")).to_contain_text("press again when it is back")
        answer(nurse, vasopressors="1")
        assert nurse.locator("#grades").evaluate("one => one.inert")
        nurse.context.set_offline(False)
        expect(record).to_have_text("Record CRS grade 3")
        acted(nurse, "#grades form[action='/acts/observe'] button")
    [seen] = bench.conduct.trial.courses["P1"].rounds
    assert seen.event.grade == 3
