"""A visit is recorded form by form: drafts apart from the record, and nothing over what somebody else recorded."""

from __future__ import annotations

import random
import re
from datetime import timedelta

import pytest

from escalon.conduct.record import drafts
from escalon.conduct.record.visit_forms import MINE, THEIRS, Chosen, Clashing, record_answers, standing
from escalon.history.events import FactRecorded, Observation
from tests.casebook.conftest import START, casebook, clock, sqlite_casebook  # noqa: F401
from tests.casebook.trial import CARLA, INES
from tests.web.bench import client, served

PLACE = "/participants/P-1/visits/D28/das28_esr"
JOINTS = "active_joints_28."
D28 = START.date() + timedelta(days=28)
DAY = D28.isoformat()


@pytest.fixture
def bench(sqlite_casebook):  # noqa: F811
    found, trial = served(sqlite_casebook)
    trial.open_cohort(1, 1)
    trial.prepare("P-1", 1, 1)
    trial.infuse("P-1", 1)
    trial.days(28)
    trial.record(CARLA, fact("disease", "RA", visit=None))
    return found, trial


def fact(name, value, unit=None, visit="D28", code="P-1", day=DAY):
    return FactRecorded(participant=code, fact=Observation(name=name, value=value, unit=unit, day=day, visit=visit))


def number(browser, path=PLACE):
    return re.search(r'name="form-number" value="([^"]+)"', browser.get(path).text)[1]


def sent(browser, path=PLACE, **more):
    said = {
        "form-number": number(browser, path), "from": path, "then": path, "participant": "P-1", "visit": "D28",
        "form": path.rpartition("/")[2], "day-d": str(D28.day), "day-m": f"{D28.month:02}", "day-y": str(D28.year),
    }  # fmt: skip
    return browser.post("/acts/VisitAnswers", data=said | more, follow_redirects=False)


def recorded(trial, code="P-1"):
    trial.conduct.know((code,))
    return {name: one for (name, _), one in standing(trial.conduct.trial, code).items()}


def at(conduct, visit):
    """What stands at a visit, read anew."""
    with conduct.standing() as now:
        conduct.know(("P-1",))
        return {key: one for key, one in standing(now, "P-1").items() if key[1] == visit}


def test_the_visits_of_a_participant_are_due_from_the_infusion_and_ask_what_the_disease_asks(bench):
    found, _ = bench
    browser = client(found, "carla")
    twin = browser.get("/participants/P-1/visits.json").json()
    d28 = next(one for one in twin["visits"] if one["id"] == "D28")
    assert (d28["state"], d28["day"]) == ("open", 28)
    assert [one["name"] for one in d28["forms"]][:3] == ["das28_esr", "cdai", "haq_di"]
    assert "mrss" in [one["name"] for one in d28["others"]]
    assert "das28_esr" in browser.get("/participants/P-1/visits/D28").text


def test_a_form_is_recorded_with_its_states_and_the_score_is_that_of_the_record(bench):
    found, trial = bench
    browser = client(found, "carla")
    answer = sent(browser, tender="4", swollen="3", esr="22", **{"global_health": "50", "global_health.unit": "mm"})
    assert answer.status_code == 303, answer.text
    page = browser.get(PLACE + ".json").json()
    assert page["finding"]["says"] == "4.4687, moderate"
    assert page["recorded"]["esr"]["says"] == "22 mm/h"
    again = sent(
        browser, path="/participants/P-1/visits/D28/measurements", **{"crp.nothing": "not done", "crp.why": "clotted"}
    )
    assert again.status_code == 303
    kept = recorded(trial)["crp"].event.fact
    assert (kept.value, kept.why, kept.state) == ("not done", "clotted", "not done")


def test_one_click_for_the_unmarked_is_kept_as_a_statement_and_silence_is_no_answer(bench):
    found, trial = bench
    browser = client(found, "carla")
    mark = JOINTS + "tender_mcp_2_right"
    assert sent(browser, **{mark: "yes", "attest": "tender"}).status_code == 303
    kept = recorded(trial)
    assert kept[mark].event.fact.attested is False
    others = [one.event.fact for name, one in kept.items() if name.startswith(JOINTS + "tender") and name != mark]
    assert len(others) == 27
    assert all(one.attested and one.value == "no" for one in others)
    assert not [name for name in kept if "swollen" in name]
    assert "stated for all unmarked" in browser.get(PLACE).text


def test_every_wrong_answer_is_named_at_its_question_and_nothing_is_recorded(bench):
    found, _ = bench
    before = found.opened.casebook.head.number
    answer = sent(client(found, "carla"), tender="29", esr="ten", global_health="50")
    assert answer.status_code == 422
    assert {"#tender", "#esr", "#global_health"} <= set(re.findall(r'href="(#[\w.]+)"', answer.text))
    assert 'value="ten"' in answer.text, "what was typed stays"
    assert found.opened.casebook.head.number == before


def test_a_value_no_body_has_is_asked_about_and_stands_with_a_reason(bench):
    found, trial = bench
    browser = client(found, "carla")
    path = "/participants/P-1/visits/D28/measurements"
    assert sent(browser, path, esr="250").status_code == 422
    assert sent(browser, path, esr="250", **{"esr.confirmed": "myeloma protein"}).status_code == 303
    kept = recorded(trial)["esr"].event.fact
    assert (kept.confirmed, kept.confirmed_why, kept.confirmed_by) == (True, "myeloma protein", "carla")


def test_two_editors_see_both_values_and_nothing_is_overwritten(bench):
    found, trial = bench
    first, second = client(found, "carla"), client(found, "ines")
    numbers = number(first), number(second)
    assert sent(first, esr="22", **{"form-number": numbers[0]}).status_code == 303
    answer = sent(second, esr="25", tender="3", **{"form-number": numbers[1]})
    assert answer.status_code == 409
    assert "Somebody else recorded this meanwhile" in answer.text
    assert 'href="#esr-clash"' in answer.text
    assert "22 mm/h" in answer.text
    assert "Carla Example" in answer.text
    assert recorded(trial)["esr"].event.fact.value == "22"
    assert "tender_joints_28" not in recorded(trial), "all, or nothing"
    entry = recorded(trial)["esr"].entry.number
    choice = {"esr.choice": f"mine:{entry}", "esr.because": "read from the wrong line"}
    assert sent(second, esr="25", tender="3", **choice).status_code == 303
    assert recorded(trial)["esr"].event.fact.value == "25"
    assert recorded(trial)["tender_joints_28"].event.fact.value == "3"


def test_a_query_may_be_raised_instead_of_choosing(bench):
    found, trial = bench
    browser = client(found, "carla")
    trial.record(INES, fact("esr", "22", "mm/h"))
    entry = recorded(trial)["esr"].entry.number
    assert sent(browser, esr="25", **{"esr.choice": f"ask:{entry}"}).status_code == 303
    assert recorded(trial)["esr"].event.fact.value == "22"
    [query] = found.opened.casebook.entries(participant="P-1", kinds=["QueryRaised"])
    assert "22 mm/h is recorded, 25 mm/h was typed" in query.event.text


def test_a_correction_goes_by_the_same_door_with_its_reason(bench):
    found, trial = bench
    browser = client(found, "carla")
    sent(browser, esr="22")
    page = browser.get(PLACE + "?correct=esr")
    assert "Correct: erythrocyte sedimentation rate" in page.text
    entry = recorded(trial)["esr"].entry.number
    assert sent(browser, esr="12", **{"esr.choice": f"mine:{entry}"}).status_code == 422, "a correction needs a reason"
    assert sent(browser, esr="12", **{"esr.choice": f"mine:{entry}", "esr.because": "typing"}).status_code == 303
    assert recorded(trial)["esr"].event.fact.value == "12"
    stale = sent(browser, esr="13", **{"esr.choice": f"mine:{entry}", "esr.because": "typing"})
    assert stale.status_code == 409, "somebody chose before the last correction"


def test_200_interleavings_of_two_editors_overwrite_nothing_silently(bench):
    _, trial = bench
    conduct, rng = trial.conduct, random.Random(14)
    names = [("esr", "mm/h"), ("crp", "mg/L"), ("tender_joints_28", None), ("swollen_joints_28", None)]
    clashes = recorded_ones = 0
    for turn in range(200):
        visit = f"V{turn // 4}"
        who = rng.choice([CARLA, INES])
        some = rng.sample(names, rng.randint(1, 4))
        answers = [
            Observation(name=name, value=str(rng.randint(1, 3)), unit=unit, day=DAY, visit=visit) for name, unit in some
        ]
        before = at(conduct, visit)
        try:
            record_answers(conduct, who, "P-1", answers)
            recorded_ones += 1
        except Clashing as clash:
            clashes += 1
            said = {one.typed.name for one in clash.clashes}
            assert said == {
                one.name for one in answers
                if (one.name, visit) in before and before[one.name, visit].event.fact.value != one.value
            }  # fmt: skip
        after = at(conduct, visit)
        assert all(after[key].event.fact == one.event.fact for key, one in before.items()), "0 silent overwrites"
    assert clashes > 20
    assert recorded_ones > 50


def test_a_choice_for_an_entry_that_no_longer_stands_is_a_conflict_again(bench):
    _, trial = bench
    trial.record(CARLA, fact("esr", "22", "mm/h"))
    first = recorded(trial)["esr"].entry.number
    mine = [Observation(name="esr", value="25", unit="mm/h", day=DAY, visit="D28")]
    record_answers(trial.conduct, INES, "P-1", mine, {"esr": Chosen(MINE, first, "misread")})
    other = [Observation(name="esr", value="30", unit="mm/h", day=DAY, visit="D28")]
    for what in (MINE, THEIRS):
        with pytest.raises(Clashing):
            record_answers(trial.conduct, CARLA, "P-1", other, {"esr": Chosen(what, first, "misread")})


# -- drafts ----------------------------------------------------------------------------------------------------------------


def keep(browser, place=PLACE, **fields):
    return browser.put("/drafts", json={"place": place, "fields": fields}, headers={"accept": "application/json"})


def test_a_draft_is_its_author_s_only_and_no_part_of_the_record(bench):
    found, _ = bench
    before = found.opened.casebook.head
    carla, ines = client(found, "carla"), client(found, "ines")
    assert keep(carla, esr="22").status_code == 200
    assert found.opened.casebook.head == before
    assert "not yet in the record" in carla.get(PLACE).text
    assert carla.get(PLACE + ".json").json()["fields"] == {"esr": "22"}
    assert ines.get(PLACE + ".json").json()["fields"] == {}
    assert client(found, "igor").get(PLACE).status_code == 404, "another site"
    assert keep(client(found, "igor"), esr="1").status_code in (403, 404)


def test_what_is_recorded_leaves_the_draft_and_keeps_when_it_was_first_typed(bench):
    found, trial = bench
    browser = client(found, "carla")
    keep(browser, esr="2")
    began = trial.clock.now()
    trial.clock.move(timedelta(minutes=5))
    keep(browser, esr="22", tender="4")
    assert sent(browser, esr="22").status_code == 303
    assert browser.get(PLACE + ".json").json()["fields"] == {"tender": "4"}
    assert recorded(trial)["esr"].event.fact.typed[:16] == began.isoformat()[:16]
    assert sent(browser, tender="4").status_code == 303
    assert drafts.kept(found.opened, "carla", PLACE) is None


def test_a_draft_older_than_a_day_is_known_to_wait_without_its_content(bench):
    found, trial = bench
    keep(client(found, "carla"), esr="22")
    assert drafts.waiting_since(found.opened, trial.clock.now()) == []
    trial.days(2)
    [waiting] = drafts.waiting_since(found.opened, trial.clock.now())
    assert (waiting.account, waiting.place, waiting.fields) == ("carla", PLACE, {})
    today = client(found, "ines").get("/").text
    assert "carla typed on D28" in today
    assert "carla typed on D28" not in client(found, "igor").get("/").text


def test_a_locked_visit_takes_nothing_and_shows_no_fields(bench):
    found, trial = bench
    from escalon.history.events import VisitLocked

    trial.record(INES, VisitLocked(participant="P-1", visit="D28"))
    browser = client(found, "carla")
    assert "Record what is answered" not in browser.get(PLACE).text
    assert "unlocked by an investigator, with a reason" in browser.get("/participants/P-1/visits/D28").text


def test_a_monitor_reads_and_records_nothing(bench):
    found, _ = bench
    browser = client(found, "mona")
    assert "Record what is answered" not in browser.get(PLACE).text
    assert browser.get("/participants/P-1/visits/D28").status_code == 200


def test_a_blank_worksheet_has_every_question_and_no_answer(bench):
    found, _ = bench
    browser = client(found, "carla")
    sent(browser, esr="22")
    blank = browser.get("/participants/P-1/visits/D28/paper?blank=yes").text
    assert "erythrocyte sedimentation rate" in blank
    assert "22 mm/h" not in blank
    assert "22 mm/h" in browser.get("/participants/P-1/visits/D28/paper").text
    late = sent(browser, tender="4", paper="yes")
    assert late.status_code == 303


def test_a_form_sent_twice_records_once(bench):
    found, _ = bench
    browser = client(found, "carla")
    once = number(browser)
    answers = [sent(browser, esr="22", **{"form-number": once}) for _ in range(2)]
    assert [one.status_code for one in answers] == [303, 303]
    facts = [
        one
        for one in found.opened.casebook.entries(participant="P-1", kinds=["FactRecorded"])
        if one.event.fact.name == "esr"
    ]
    assert len(facts) == 1
