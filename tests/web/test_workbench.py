"""A casebook in the browser: signing in, a page with its twin, an act by form and by JSON, and what is refused."""

from __future__ import annotations

import re

import pytest

from tests.casebook.conftest import casebook, clock, sqlite_casebook  # noqa: F401
from tests.web.bench import client, enter, served

pytest.importorskip("httpx2")

CONSENT = {
    "participant": "P-001",
    "site": "S1",
    "form": "v2",
    "signed_on-d": "1",
    "signed_on-m": "03",
    "signed_on-y": "2026",
}


@pytest.fixture
def bench(sqlite_casebook):  # noqa: F811
    return served(sqlite_casebook)


def number(browser, path: str = "/participants") -> str:
    found = re.search(r'name="form-number" value="([^"]+)"', browser.get(path).text)
    assert found
    return found[1]


def post(browser, kind: str, said: dict[str, str], path: str = "/participants", **more):
    return browser.post(f"/acts/{kind}", data={"form-number": number(browser, path), "from": path, **said}, **more)


def test_nobody_reads_without_signing_in(bench):
    browser = client(bench[0])
    answer = browser.get("/participants", follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in?then=%2Fparticipants")
    told = browser.get("/participants.json")
    assert (told.status_code, told.json()["code"]) == (401, "session")


def test_a_consent_is_recorded_by_a_form_and_stands_on_the_page_and_its_twin(bench):
    browser = client(bench[0], "carla")
    answer = post(browser, "ParticipantConsented", CONSENT, follow_redirects=False)
    assert answer.status_code == 303
    assert "recorded=" in answer.headers["location"]
    assert [one["code"] for one in browser.get("/participants.json").json()["rows"]] == ["P-001"]
    assert "P-001" in browser.get("/participants").text
    entry = bench[1].casebook.entry(bench[1].casebook.head.number)
    assert (entry.author.person, entry.author.role, entry.author.origin) == ("carla", "coordinator", "web")


def test_a_refusal_shows_the_page_again_with_what_was_typed(bench):
    browser = client(bench[0], "carla")
    answer = post(browser, "ParticipantConsented", CONSENT | {"site": "S2"})
    assert answer.status_code == 403
    assert 'value="v2"' in answer.text
    assert "Nothing was recorded" in answer.text
    assert not bench[1].conduct.trial.courses


def test_the_same_in_json_is_one_envelope(bench):
    browser = client(bench[0], "carla")
    content = {"participant": "P-001", "site": "S1", "form": "v2", "signed_on": "2026-03-01"}
    made = browser.post("/acts/ParticipantConsented", json={"content": content})
    assert (made.status_code, made.json()["entries"]) == (201, [bench[1].casebook.head.number])
    again = browser.post(
        "/acts/ParticipantConsented",
        json={"content": content | {"participant": "P-002", "site": "S9"}},
        headers={"accept": "application/json"},
    )
    assert again.headers["content-type"] == "application/problem+json"
    assert {"code", "says", "field", "rule", "signatures", "entries"} <= again.json().keys()


def test_a_form_sent_twice_records_once(bench):
    browser = client(bench[0], "carla")
    said = {"form-number": number(browser), "from": "/participants", **CONSENT}
    before = bench[1].casebook.head.number
    first, second = (browser.post("/acts/ParticipantConsented", data=said, follow_redirects=False) for _ in range(2))
    assert first.headers["location"] == second.headers["location"]
    assert bench[1].casebook.head.number == before + 1


def test_another_session_s_form_and_another_site_s_page_are_refused(bench):
    carla, ines = client(bench[0], "carla"), client(bench[0], "ines")
    foreign = {"form-number": number(ines), "from": "/participants", **CONSENT}
    assert carla.post("/acts/ParticipantConsented", data=foreign).status_code == 403
    for headers in ({"sec-fetch-site": "cross-site"}, {"origin": "http://evil.example"}):
        said = {"form-number": number(carla), "from": "/participants", **CONSENT}
        assert carla.post("/acts/ParticipantConsented", data=said, headers=headers).status_code == 403
    assert not bench[1].conduct.trial.courses


def test_every_answer_carries_the_policy_and_is_not_stored(bench):
    browser = client(bench[0], "carla")
    for path in ("/", "/participants", "/participants.json", "/nowhere"):
        headers = browser.get(path).headers
        assert "script-src 'self'; style-src 'self'" in headers["content-security-policy"]
        assert headers["cache-control"] == "no-store"
        assert headers["referrer-policy"] == "no-referrer"


def test_who_guesses_waits_where_they_are_and_the_doctor_still_gets_in(bench):
    stranger = client(bench[0])
    said = {"account": "ines", "password": "a wrong password"}
    answers = [stranger.post("/sign-in", data=said, follow_redirects=False).status_code for _ in range(7)]
    assert answers == [422] * 5 + [429] * 2
    from fastapi.testclient import TestClient

    from escalon.web.app import create_app

    doctor = TestClient(
        create_app(bench[0]),
        base_url="http://localhost",
        headers={"origin": "http://localhost"},
        client=("10.0.0.9", 5000),
    )
    enter(doctor, "ines")


def test_a_revoked_account_is_out_with_the_next_click(bench):
    from escalon.conduct.record.accounts import revoke
    from tests.casebook.trial import ADA

    browser = client(bench[0], "carla")
    assert browser.get("/participants").status_code == 200
    revoke(bench[1].conduct, ADA, "carla", "left")
    assert browser.get("/participants", follow_redirects=False).status_code == 303


def test_an_auditor_filters_opens_an_entry_and_a_changed_record_is_shown_as_not_whole(bench):
    import sqlite3

    consent = bench[1].consent("P-001").number
    mona = client(bench[0], "mona")
    found = mona.get("/audit.json?participant=P-001&kind=ParticipantConsented").json()
    assert [one["number"] for one in found["entries"]] == [consent]
    page = mona.get(f"/entries/{consent}").text
    assert bench[1].casebook.entry(consent).hash in page
    assert mona.get("/audit/verify.json").json()["is_whole"] is True
    book = sqlite3.connect(bench[0].folder / "casebook.sqlite")
    for (name,) in book.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        book.execute(f"DROP TRIGGER {name}")
    book.execute("UPDATE entries SET body = replace(body, 'v1', 'v9') WHERE number = ?", (consent,))
    book.commit()
    book.close()
    told = mona.get("/audit/verify.json").json()
    assert told["is_whole"] is False
    shown = mona.get("/audit/verify").text
    assert "NOT WHOLE" in shown
    assert "whole up to" in shown


def test_a_query_at_a_value_is_answered_and_closed_by_whom_it_is_for(bench):
    bench[1].consent("P-001")
    mona, carla = client(bench[0], "mona"), client(bench[0], "carla")
    number_of = bench[1].casebook.head.number
    post(mona, "QueryRaised", {"about": str(number_of), "text": "which version?"}, f"/entries/{number_of}")
    query = bench[1].casebook.head.number
    assert "which version?" in carla.get("/queries").text
    assert "Answer a query" in carla.get("/").text
    refused = post(carla, "QueryClosed", {"query": str(query), "participant": "P-001"}, "/queries")
    assert refused.status_code == 403
    post(carla, "QueryAnswered", {"query": str(query), "participant": "P-001", "text": "v1"}, "/queries")
    post(mona, "QueryClosed", {"query": str(query), "participant": "P-001"}, "/queries")
    assert bench[1].conduct.trial.queries[query].state == "closed"


def test_what_somebody_else_recorded_meanwhile_is_a_conflict_and_both_are_shown(bench):
    bench[1].consent("P-001")
    carla, ines = client(bench[0], "carla"), client(bench[0], "ines")
    seen = bench[1].casebook.head.number
    fact = {"name": "esr", "value": "31", "unit": "mm/h", "day": "2026-03-01"}
    said = {"content": {"participant": "P-001", "fact": fact}, "seen": seen}
    wants = {"accept": "application/json"}
    assert carla.post("/acts/FactRecorded", json=said, headers=wants).status_code == 201
    other = {"content": {"participant": "P-001", "fact": fact | {"value": "13"}}, "seen": seen}
    told = ines.post("/acts/FactRecorded", json=other, headers=wants)
    assert (told.status_code, told.json()["code"], told.json()["entries"]) == (409, "conflict", [seen + 1])
    assert "31 mm/h" in told.json()["says"]


def test_what_was_kept_of_a_participant_is_forgotten_when_a_value_is_corrected(sqlite_casebook):  # noqa: F811
    from escalon.history.events import FactCorrected, FactRecorded, Observation
    from tests.casebook.trial import CARLA, study

    bench, trial = served(sqlite_casebook, study(clauses=("I-1a",)))
    trial.consent("P-001")
    day = str(trial.today())

    def verdict() -> str:
        pages = client(bench, "carla")
        return pages.get("/participants/P-001/screening.json").json()["verdict"]

    consent = Observation(name="informed_consent", value=day, day=day)
    trial.record(CARLA, FactRecorded(participant="P-001", fact=consent))
    age = trial.record(
        CARLA, FactRecorded(participant="P-001", fact=Observation(name="age", value="42", day=day))
    ).number
    assert verdict() == "eligible"
    child = Observation(name="age", value="17", day=day)
    trial.record(CARLA, FactCorrected(participant="P-001", corrects=age, fact=child, reason="read from the card"))
    assert verdict() == "not eligible"
