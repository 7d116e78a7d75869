"""What is said twice, changed on the way back, or said beside an act: nothing typed is dropped without a word."""

from __future__ import annotations

import re
from dataclasses import fields
from datetime import UTC, datetime

import pytest

from escalon.casebook.encoding import plain
from escalon.conduct.permit.refusal import Refused
from escalon.history.events import AdverseEventRecorded
from escalon.web.said import said_in_json
from tests.casebook.trial import CARLA
from tests.web.bench import client, said, with_one_infused

pytest.importorskip("httpx2")
PAGE = "/participants/P1/screening"
ESR = {"participant": "P1", "fact.name": "esr", "fact.value": "31", "fact.unit": "mm/h", "fact.day": "2026-03-02"}


@pytest.fixture(scope="module")
def carla(tmp_path_factory):
    bench, _ = with_one_infused(tmp_path_factory.mktemp("again"))
    return client(bench, "carla")


def number(browser):
    return re.search(r'name="form-number" value="([^"]+)"', browser.get(PAGE).text)[1]


def sent(browser, given, act="FactRecorded", **form):
    return browser.post(f"/acts/{act}", data={"form-number": given, "from": PAGE, **form}, follow_redirects=False)


def test_a_form_sent_twice_is_one_entry_and_one_changed_on_the_way_back_is_another(carla):
    given = number(carla)
    first, second = (sent(carla, given, **ESR).headers["location"] for _ in range(2))
    changed = sent(carla, given, **(ESR | {"fact.value": "99"})).headers["location"]
    assert first == second != changed
    page = carla.get(changed).text
    assert "31 mm/h" in page.split("says of the same")[1][:200]  # the earlier value is named beside the new one


@pytest.mark.parametrize("beside", [{"seen": "abc"}, {"seen": "-1"}, {"override": "abc"}, {"override": "9" * 40}])
def test_what_stands_beside_an_act_is_read_or_refused(carla, beside):
    assert sent(carla, number(carla), **ESR, **beside).status_code == 422
    content = {"participant": "P1", "fact": {"name": "esr", "value": "31", "unit": "mm/h", "day": "2026-03-02"}}
    answer = carla.post(
        "/acts/FactRecorded", json={"content": content, **beside}, headers={"accept": "application/json"}
    )
    assert answer.status_code == 422
    assert "is not the number of an entry" in answer.json()["says"]


@pytest.mark.parametrize("value", [31, 31.5, True, [31], {"a": 1}])
def test_a_value_in_json_that_is_no_text_is_refused_at_its_field(carla, value):
    content = {"participant": "P1", "fact": {"name": "esr", "value": value, "unit": "mm/h", "day": "2026-03-02"}}
    answer = carla.post("/acts/FactRecorded", json={"content": content}, headers={"accept": "application/json"}).json()
    assert (answer["status"], answer["field"]) == (422, "fact.value")
    assert "Write text, in quotes" in answer["says"]


@pytest.mark.parametrize(("code", "status"), [("P1", 201), ("p1", 422), ("P-01", 422)])
def test_a_consent_of_somebody_known_is_recorded_with_a_word_and_under_a_code_like_theirs_never(carla, code, status):
    consent = {"participant": code, "site": "S1", "form": "v1", "signed_on": "2026-03-02"}
    answer = carla.post("/acts/ParticipantConsented", json={"content": consent}, headers={"accept": "application/json"})
    assert answer.status_code == status
    assert "says of the same" in answer.text if status == 201 else "P1" in answer.json()["says"]


@pytest.mark.parametrize("day", ["2026-03-02", "02-Mar-2026", "2026-03", "2026"])
def test_the_audit_trail_finds_a_day_as_pages_write_it(carla, day):
    assert len(carla.get(f"/audit.json?day={day}").json()["entries"]) > 10


@pytest.mark.parametrize(("address", "status", "says"), [
    ("/audit?day=2026-13-45", 422, "day"), ("/audit?day=tomorrow", 422, "day"), ("/entries/1e3", 422, "write a whole number"),
    ("/participants?state=zz", 200, "Nobody stands so"), ("/docs", 404, "There is no such page"),
])  # fmt: skip
def test_an_odd_address_is_answered_in_words(carla, address, status, says):
    answer = carla.get(address)
    assert (answer.status_code, says in answer.text) == (status, True)
    assert "Perhaps:" not in answer.text


@pytest.mark.parametrize(("body", "says"), [
    (b'{"content": {"participant": "P1", "fact": {"name": "esr", "value": "31", "value": "99"}}}', "value is given twice"),
    (b'{"content": {"participant": "P1\\ud800"}}', "not JSON"),
    (b'{"content": {}, "overide": 12}', "overide: there is no such name"),
    (b"[" * 50_000, "not JSON"), (b"[]", "write"),
])  # fmt: skip
def test_json_that_says_two_things_half_a_letter_or_a_name_nobody_knows_is_refused(carla, body, says):
    kind = {"accept": "application/json", "content-type": "application/json"}
    answer = carla.post("/acts/FactRecorded", content=body, headers=kind)
    assert answer.status_code == 422
    assert says in answer.json()["says"]
    assert carla.put("/drafts", content=body, headers=kind).status_code == 422


@pytest.mark.parametrize("end", ["../../x", "visits/D28/nosuch", "visits/D28/das28_esr/x"])
def test_a_draft_is_of_a_form_there_is(carla, end):
    place = f"/participants/P1/{end}"
    assert carla.put("/drafts", json={"place": place, "fields": {"esr": "31"}}).status_code in (404, 422)


def test_a_letter_that_could_not_be_read_is_refused_and_so_are_two_files_of_one_name(carla, tmp_path_factory):
    form = b"participant=P1&fact.name=esr&fact.value=31&fact.unit=mm%2Fh&fact.day=2026-03-02&fact.source=%E9"
    kind = {"content-type": "application/x-www-form-urlencoded"}
    answer = carla.post("/acts/FactRecorded", content=form, headers=kind)
    assert (answer.status_code, "Send the form as UTF-8" in answer.text) == (422, True)
    bench, _ = with_one_infused(tmp_path_factory.mktemp("files"))
    ines = client(bench, "ines")
    for names, says in ((("facts.csv", "facts.csv"), "stands twice"), (("x" * 300 + ".csv",), "write at most 80")):
        sent_files = [("files", (name, b"participant,fact,value\n")) for name in names]
        answer = ines.post("/acts/upload", data={"form-number": number(ines), "from": "/import"}, files=sent_files)
        assert (answer.status_code, says in answer.text) == (422, True)


@pytest.mark.parametrize("text", ["2025-06-03T14:30", "2025-06-03", "T", "2025-06-03T25:00+08:00", "now", ""])
def test_a_moment_is_a_day_with_its_time_and_zone_or_refused_at_its_field(text):
    with pytest.raises(Refused, match="at: "):
        said_in_json({"content": {"at": text}}).moment("at")


def test_a_moment_and_an_amount_are_read_as_they_are_written():
    said = said_in_json({"content": {"at": "2025-06-03T14:30+08:00", "left_ml": "0", "loaded_ml": "24,5"}})
    assert said.moment("at") == datetime(2025, 6, 3, 6, 30, tzinfo=UTC)
    assert said.amount("left_ml", zero=True) == 0
    with pytest.raises(Refused, match="left_ml: 0 is asked for as more than 0"):
        said.amount("left_ml")
    with pytest.raises(Refused, match="loaded_ml: "):
        said.amount("loaded_ml")


def test_a_sample_sent_again_from_a_form_gone_back_to_is_asked_about_and_recorded_where_it_was_another(tmp_path):
    bench, trial = with_one_infused(tmp_path)
    lena, here = client(bench, "lena"), "/participants/P1/samples"
    day = trial.today()
    sample = {
        "participant": "P1", "analyte": "car_transgene", "value": "77", "unit": "copies/µL", "lloq": "50",
        "date_d": str(day.day), "date_m": f"{day.month:02}", "date_y": str(day.year),
    }  # fmt: skip
    assert said(lena, here, "SampleMeasured", **sample).status_code == 303
    before = trial.conduct.casebook.head.number
    asked = said(lena, here, "SampleMeasured", **sample)
    assert asked.status_code == 422
    assert f"entry {before} says exactly this" in asked.text
    assert "It happened once more" in asked.text
    assert trial.conduct.casebook.head.number == before
    assert said(lena, here, "SampleMeasured", **sample, **{"once-more": "yes"}).status_code == 303
    without = said(lena, here, "SampleMeasured", **(sample | {"lloq": ""}))
    assert "lloq: is empty" in without.text


@pytest.mark.parametrize("kind", ["ApheresisDone", "LymphodepletionGiven", "ProductReleased"])
def test_a_step_of_treatment_sent_again_is_asked_about(tmp_path, kind):
    bench, trial = with_one_infused(tmp_path)
    browser, here = client(bench, "ines"), "/participants/P1/treatment"
    [entry] = trial.conduct.casebook.entries(participant="P1", kinds=[kind])
    told = {one.name: getattr(entry.event, one.name) for one in fields(entry.event)}
    sent = {name: plain(value) for name, value in told.items() if value not in (None, "", ())}
    asked = said(browser, here, kind, **sent)
    assert f"entry {entry.number} says exactly this" in asked.text
    assert list(trial.conduct.casebook.entries(participant="P1", kinds=[kind])) == [entry]


def test_the_audit_offers_the_kinds_that_are_recorded(carla):
    shown = carla.get("/audit").text
    assert 'value="CellsInfused"' in shown
    assert 'value="ConsentWithdrawn"' not in shown


@pytest.mark.parametrize(
    ("act", "more"),
    [
        ("adjudicate", {"is_dlt": "no"}),
        ("DltWindowReviewed", {"through": "2026-03-03"}),
        ("EvaluabilityJudged", {"is_evaluable": "yes"}),
    ],
)
def test_a_judgement_from_a_page_opened_before_an_event_does_not_settle_that_event(tmp_path, act, more):
    bench, trial = with_one_infused(tmp_path)
    day = trial.conduct.trial.courses["P1"].infused
    trial.record(CARLA, AdverseEventRecorded(participant="P1", term="Fatigue", grade=3, start=day))
    ines, here = client(bench, "ines"), "/participants/P1/safety"
    shown = re.search(r'name="shown" value="([0-9a-f]+)"', ines.get(here).text)[1]
    trial.record(CARLA, AdverseEventRecorded(participant="P1", term="Sepsis", grade=4, start=day))
    before = trial.conduct.casebook.head.number
    fields = {"participant": "P1", "because": "tired before the study", "shown": shown, **more}
    answer = said(ines, here, act, **fields)
    assert (answer.status_code, trial.conduct.casebook.head.number) == (409, before)
    assert "Read it, then judge" in answer.text
    again = re.search(r'name="shown" value="([0-9a-f]+)"', answer.text)[1]
    assert said(ines, here, act, **(fields | {"shown": again})).status_code == 303
