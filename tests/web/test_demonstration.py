"""The demonstration, walked as its people: a decision waits, two sign it, a cohort opens, and what is wrong is corrected."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from escalon.casebook.errors import CasebookError
from escalon.casebook.location import create_casebook
from escalon.exchange.synthetic_book import PASSWORD, make_book
from escalon.protocol import load_study
from escalon.safety.words import Criterion
from escalon.sources.folder import take_in
from escalon.web.check import what_is_left
from escalon.web.pages.today import _all_of
from escalon.web.workbench import open_workbench
from tests.drawn import copy_of, drawn
from tests.web.bench import client, said

pytest.importorskip("httpx2")


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A demonstration of this module's own, because what is done in it stays."""
    study = load_study("nct07052565")
    book = make_book(tmp_path_factory.mktemp("own"), study, "nct07052565", take_in(study, drawn()).trial)
    found = open_workbench(Path(book))
    yield found
    found.opened.casebook.close()


def as_(bench: Any, account: str) -> Any:
    browser = client(bench)
    browser.post("/demo/enter", data={"account": account})
    return browser


def matters(browser: Any) -> list[dict[str, Any]]:
    return [one for group in browser.get("/today.json").json()["groups"] for one in group["matters"]]


def test_a_decision_waits_for_the_committee_two_sign_it_and_a_cohort_opens(bench: Any) -> None:
    sun = as_(bench, "sun.hao")
    waits = next(one for one in matters(sun) if one["address"].startswith("/decisions/"))
    page = waits["address"]
    number = page.rsplit("/", 1)[1]
    assert waits["what"] == "Decision: treat level 2"
    assert "1 of 3 had a DLT at level 2: expand to six" in sun.get(page).text
    for account in ("sun.hao", "xu.ting"):
        answer = said(
            as_(bench, account), page, "DecisionSigned", decision=number, meaning="approve", password=PASSWORD
        )
    assert answer.status_code == 303
    li = as_(bench, "li.na")
    assert said(li, "/cohorts", "CohortOpened", cohort="1", level="2", size="3", decision=number).status_code == 303
    assert [one["is_open"] for one in li.get("/cohorts.json").json()["cohorts"]] == [True]


def test_whoever_is_eligible_is_signed_for_takes_a_place_and_gives_it_back(bench: Any) -> None:
    wang = as_(bench, "wang.min")
    code = next(one["participant"] for one in matters(wang) if one["what"] == "Sign eligibility")
    page = f"/participants/{code}/screening"
    screening = re.search(r'name="screening" value="(\d+)"', wang.get(page).text)
    assert screening
    fields = {"participant": code, "screening": screening[1], "meaning": "eligible", "password": PASSWORD}
    assert said(wang, page, "EligibilitySigned", **fields).status_code == 303
    page = f"/participants/{code}/treatment"
    at = {"at_d": "19", "at_m": "06", "at_y": "2025", "at_t": "08:00"}
    assert said(wang, page, "ApheresisDone", participant=code, collection="C1", **at).status_code == 303
    assert said(wang, page, "LevelAllocated", participant=code, cohort="1").status_code == 303
    assert "Give the place back" in wang.get(page).text
    assert "Give the place back" not in as_(bench, "li.na").get(page).text  # an investigator does
    back = said(wang, page, "AllocationReleased", participant=code, cohort="1", place="1", reason="fever")
    assert back.status_code == 303
    assert "Give the place back" not in wang.get(page).text


def test_what_a_visit_asks_beside_its_forms_leads_to_where_it_is_recorded(bench: Any) -> None:
    li = as_(bench, "li.na")
    visit = li.get("/participants/P08/visits/D60").text
    page = "/participants/P08/samples"
    assert f"{page}?visit=D60#measured" in visit
    assert "/participants/P08/safety#events" in visit
    asked = li.get(f"{page}?visit=D60").text
    assert '<option value="D60" selected>' in asked
    day = {"date_d": "19", "date_m": "06", "date_y": "2025"}
    sample = {"participant": "P08", "analyte": "car_transgene", "value": "55", "unit": "copies/µL", "lloq": "5"}
    assert said(li, page, "SampleMeasured", **sample, **day).status_code == 303
    assert "55" in li.get("/participants/P08/samples.json").json()["rows"][0]["what"]
    arabic = {"date_d": "\u0661\u0668", "date_m": "06", "date_y": "\uff12\uff10\uff12\uff15"}
    assert said(li, page, "SampleMeasured", **(sample | {"value": "56"}), **arabic).status_code == 303
    last = list(bench.opened.casebook.entries(kinds=["SampleMeasured"]))[-1]
    assert last.event.date == "2025-06-18"
    refused = said(li, page, "SampleMeasured", **(sample | {"unit": "mg/L"}), **day)
    assert (refused.status_code, "mg/L" in refused.text) == (422, True)
    assert "Record a sample" not in as_(bench, "gao.fei").get(page).text


def test_an_entry_that_is_wrong_is_corrected_or_taken_back_once_and_by_whom_it_is_for(bench: Any) -> None:
    li, wang = as_(bench, "li.na"), as_(bench, "wang.min")
    number = next(
        one.number for one in bench.opened.casebook.entries(kinds=["FactRecorded"]) if one.event.fact.name == "crp"
    )
    page = f"/entries/{number}"
    asked = {one["name"]: one["says"] for one in li.get(f"{page}.json").json()["correctable"]}
    assert asked["fact.unit"] == "mg/L"
    assert as_(bench, "gao.fei").get(f"{page}.json").json()["correctable"] == []
    assert (
        said(
            li, page, "correct", corrects=str(number), reason="typing", **{"fact.value": asked["fact.value"]}
        ).status_code
        == 422
    )
    assert said(li, page, "correct", corrects=str(number), reason="", **{"fact.value": "11.5"}).status_code == 422
    assert said(li, page, "correct", corrects=str(number), reason="typing", **{"fact.value": "11.5"}).status_code == 303
    for act, field in (("correct", "corrects"), ("EntryAnnulled", "annuls")):
        late = said(
            wang,
            page,
            act,
            **{field: str(number)},
            participant="P01",
            reason="typing",
            **{"fact.value": "12"} if act == "correct" else {},
        )
        assert (late.status_code, "Li Na changed entry" in late.text) == (409, True)
    assert li.get(f"{page}.json").json()["correctable"] == []
    newest = li.get(f"{page}.json").json()["changed_by"][0]["number"]
    assert (
        said(
            li, f"/entries/{newest}", "EntryAnnulled", annuls=str(newest), participant="P01", reason="of another"
        ).status_code
        == 303
    )


def test_an_event_that_was_corrected_ends_as_corrected_and_can_be_corrected_again(bench: Any) -> None:
    wang = as_(bench, "wang.min")

    def sent(act: str, **content: Any) -> tuple[int, Any]:
        answer = wang.post(f"/acts/{act}", json={"content": content}, headers={"accept": "application/json"})
        return answer.status_code, answer.json()

    def stands() -> list[tuple[int | None, str, str]]:
        events = bench.opened.trial.courses["P01"].adverse_events
        return [(e.grade, str(e.end), e.description) for e in (one.event for one in events) if e.term == "Nausea"]

    event = {
        "term": "Nausea",
        "grade": 1,
        "start": "2025-06-10",
        "ongoing": True,
        "description": "in the morning\nfor hours",
    }
    number = sent("AdverseEventRecorded", participant="P01", **event)[1]["entries"][0]
    # a browser joins the lines of a text field, which is no correction of it
    said(
        wang,
        f"/entries/{number}",
        "correct",
        corrects=str(number),
        reason="read again",
        grade="3",
        description="in the morning for hours",
    )
    assert stands() == [(3, "None", event["description"])]
    ended = {
        "entry": str(number),
        "participant": "P01",
        "outcome": "recovered",
        "end_d": "12",
        "end_m": "06",
        "end_y": "2025",
    }
    assert said(wang, "/participants/P01/safety", "end-event", **ended).status_code == 303
    assert stands() == [(3, "2025-06-12", event["description"])]
    last = wang.get(f"/entries/{number}.json").json()["changed_by"][-1]["number"]
    assert sent("correct", corrects=last - 1, reason="x", grade="2")[0] == 409
    assert sent("correct", corrects=last, reason="x", graed="2")[1]["says"].startswith(
        "graed: a correction takes term, grade"
    )
    status, again = sent("correct", corrects=last, reason="x", end="2025-06-13", serious=False)
    assert (status, stands()) == (201, [(3, "2025-06-13", event["description"])])
    assert "It should not be there at all" in wang.get(f"/entries/{again['entries'][0]}").text
    assert sent("EntryAnnulled", annuls=again["entries"][0], participant="P01", reason="of another")[0] == 201
    assert stands() == []


def test_what_is_said_by_a_list_is_corrected_by_the_same_list(bench: Any) -> None:
    li = as_(bench, "li.na")
    recorded = list(bench.opened.casebook.entries(kinds=["FactRecorded"]))
    disease = next(one for one in recorded if one.event.fact.name == "disease")
    truth = next(one for one in recorded if bench.study.vocabulary[one.event.fact.name].kind == "truth")
    event = next(iter(bench.opened.casebook.entries(kinds=["AdverseEventRecorded"])))
    lists = {}
    for number in (disease.number, truth.number, event.number):
        fields = li.get(f"/entries/{number}.json").json()["correctable"]
        lists[number] = {one["name"]: [word for word, _ in one["choices"]] for one in fields}
    assert {"RA", "SLE", "SS", "SSC", "not known"} <= set(lists[disease.number]["fact.value"])
    assert {"yes", "no", "not done"} <= set(lists[truth.number]["fact.value"])
    assert {"recovered", "fatal"} <= set(lists[event.number]["outcome"])
    assert lists[event.number]["grade"][-3:] == ["3", "4", "5"]
    assert lists[event.number]["expected"] == ["", "yes", "no"]
    assert (lists[event.number]["term"], lists[event.number]["ongoing"]) == ([], ["no", "yes"])


def as_a_browser_sends(page: str, act: str) -> dict[str, str]:
    """The fields of a form as they stand: of a list, what is chosen, or else its first word."""
    form = page.split(f'action="/acts/{act}"')[1].split("</form>")[0]
    found = dict(re.findall(r'<input[^>]*? name="([^"]+)"[^>]*? value="([^"]*)"', form))
    for name, options in re.findall(r'<select[^>]*? name="([^"]+)"[^>]*>(.*?)</select>', form, re.DOTALL):
        words = re.findall(r'<option value="([^"]*)"( selected)?', options)
        found[name] = next((word for word, chosen in words if chosen), words[0][0])
    return found


def test_a_correction_sent_by_a_browser_changes_what_was_changed_and_nothing_else(bench: Any) -> None:
    wang = as_(bench, "wang.min")
    said_of_it = {"participant": "P02", "term": "Cough", "grade": 1, "start": "2025-06-10"}
    sent = {"json": {"content": said_of_it}, "headers": {"accept": "application/json"}}
    number = wang.post("/acts/AdverseEventRecorded", **sent).json()["entries"][0]
    page = f"/entries/{number}"
    told = as_a_browser_sends(wang.get(page).text, "correct")
    told |= {"grade": "2", "reason": "read again", "from": page, "then": page}
    answer = wang.post("/acts/correct", data=told, follow_redirects=False)
    assert answer.status_code == 303
    before = bench.opened.casebook.entry(number).event
    corrected = bench.opened.casebook.entry(max(one.number for one in bench.opened.casebook.entries())).event
    assert corrected.now == replace(before, grade=2)


def test_an_address_asked_by_head_answers_as_by_get_without_its_content(bench: Any) -> None:
    li = as_(bench, "li.na")
    for address in ("/", "/participants.json", "/sign-in", "/no-such-page"):
        got, head = li.get(address), li.head(address)
        assert (head.status_code, head.content) == (got.status_code, b"")
        assert head.headers["content-type"] == got.headers["content-type"]


def test_a_value_no_body_has_is_recorded_on_the_worksheet_only_with_why_it_stands(bench: Any) -> None:
    li = as_(bench, "li.na")
    page = "/participants/P10/screening"
    day = {"fact.day_d": "19", "fact.day_m": "06", "fact.day_y": "2025"}
    value = {"participant": "P10", "fact.name": "alt", "fact.value": "99999", "fact.unit": "U/L", **day}
    refused = said(li, page, "FactRecorded", **value)
    assert refused.status_code == 422
    assert "fact.confirmed=yes" not in refused.text
    more = {"fact.confirmed": "yes", "fact.confirmed_why": "measured twice"}
    assert said(li, page, "FactRecorded", **value, **more).status_code == 303


def test_a_day_that_programs_write_for_none_is_asked_about_whatever_it_dates(bench: Any) -> None:
    li, first = as_(bench, "li.na"), {"d": "01", "m": "01", "y": "1900"}
    asked = "01-Jan-1900</span> is what a program writes where no date was entered"
    for page, act, day, fields in (
        ("samples", "SampleMeasured", "date", {"analyte": "igm", "value": "1", "unit": "g/L"}),
        ("treatment", "TreatmentGiven", "start", {"treatment": "methotrexate"}),
        ("safety", "AdverseEventRecorded", "start", {"term": "Nausea", "grade": "1"}),
    ):
        here = f"/participants/P08/{page}"
        made = said(
            li, here, act, participant="P08", **fields, **{f"{day}_{part}": text for part, text in first.items()}
        )
        assert asked in li.get(made.headers["location"]).text, act


def test_an_event_is_serious_for_every_reason_that_is_ticked(bench: Any) -> None:
    li, page = as_(bench, "li.na"), "/participants/P08/safety"
    reasons = [str(Criterion.HOSPITALISATION), str(Criterion.LIFE_THREATENING)]
    on = {"start_d": "18", "start_m": "06", "start_y": "2025"}
    event = {"term": "Sepsis", "grade": "4", "serious": "yes", "seriousness": reasons, **on}
    made = said(li, page, "AdverseEventRecorded", participant="P08", **event)
    number = int(made.headers["location"].rpartition("recorded=")[2])
    assert [str(one) for one in bench.opened.casebook.entry(number).event.seriousness] == reasons


def test_what_the_lymphodepletion_sheet_lacks_is_recorded_beside_it(bench: Any) -> None:
    li, page = as_(bench, "li.na"), "/participants/P13/treatment"
    lacks = [one["name"] for one in li.get(f"{page}.json").json()["asks"]]
    assert lacks == ["height"]
    assert as_(bench, "gao.fei").get(f"{page}.json").json()["asks"] == []
    height = {"fact.name": "height", "fact.value": "172", "fact.unit": "cm", "fact.day-d": "19", "fact.day-m": "06"}
    assert said(li, page, "FactRecorded", participant="P13", **height, **{"fact.day-y": "2025"}).status_code == 303
    found = li.get(f"{page}.json").json()
    assert (found["asks"], dict(found["sizes"])["body surface area"]) == ([], "1.6 m²")


def test_a_screening_worksheet_is_printed_as_it_reads_and_blank(bench: Any) -> None:
    li, page = as_(bench, "li.na"), "/participants/P10/screening/paper"
    read, blank = li.get(page).text, li.get(f"{page}?blank=true").text
    for text, says in ((read, True), (blank, False)):
        assert "SYNTHETIC" in text
        assert "to be found out" in text, "P10's sex is not recorded"
        assert bool(re.search(r"I-1a</t[hd]>(?:(?!</tr>).)*met: ", text, re.DOTALL)) is says
    assert page in li.get("/participants/P10/screening").text


@pytest.mark.parametrize(
    ("about", "says"),
    [(["level 2"], "level 2"), (["level 1", "level 3"], "levels 1, 3"), (["P01", "P02"], "P01, P02")],
)
def test_what_holds_several_levels_is_said_in_the_plural(about: list[str], says: str) -> None:
    assert _all_of(about) == says


def test_what_screening_lacks_waits_for_whoever_screens(bench: Any) -> None:
    waits = {account: {one["what"] for one in matters(as_(bench, account))} for account in ("li.na", "chen.yu")}
    assert ("Finish screening" in waits["li.na"], "Finish screening" in waits["chen.yu"]) == (True, False)


def test_who_leaves_and_who_counts_are_recorded_by_whom_they_are_for(bench: Any) -> None:
    wang, li = as_(bench, "wang.min"), as_(bench, "li.na")
    page, on = "/participants/P15", {"on_d": "19", "on_m": "06", "on_y": "2025"}
    assert ("Consent withdrawn" in li.get(page).text, "Left the study" in li.get(page).text) == (True, False)
    assert "Left the study" in wang.get(page).text
    assert said(li, page, "ConsentWithdrawn", participant="P15", reason="moved away", **on).status_code == 303
    assert li.get(f"{page}.json").json()["may_leave"] == []
    page = "/participants/P08"
    for text in (
        wang.get(page).text,
        said(wang, page, "ConsentWithdrawn", participant="P08", reason="x", on_d="5").text,
    ):
        ids = re.findall(r' id="([^"]+)"', text[text.index('id="leaves"') :])
        assert len(ids) == len(set(ids)), "each form has its own"
    assert text.count('value="5"') == 1, "what was typed stands in the form that was refused, and in no other"
    judged = said(
        wang, "/participants/P06/safety", "EvaluabilityJudged", participant="P06", is_evaluable="no", because="left"
    )
    assert judged.status_code == 303
    rows = {one["participant"]: one["outcome"] for one in wang.get("/cohorts.json").json()["treated"]}
    assert rows["P06"] == "not evaluable"


def test_what_somebody_wrote_at_length_is_cut_on_today_and_whole_where_it_is_answered(bench: Any) -> None:
    long = "why " * 400
    assert said(as_(bench, "gao.fei"), "/queries", "QueryRaised", text=long, participant="P08").status_code == 303
    li = as_(bench, "li.na")
    assert any(one["why"].endswith(long.strip()) for one in matters(li)), "the twin carries the whole"
    shown = re.findall(r"why why[^<]*", li.get("/").text)
    assert [(len(one) <= 240, one.endswith("…")) for one in shown] == [(True, True)]
    assert any(one["text"] == long.strip() for one in li.get("/queries.json").json()["queries"])


def test_today_and_its_reasons_are_said_in_chinese_and_what_stays_english_is_named(bench: Any) -> None:
    sun = as_(bench, "sun.hao")
    sun.post("/choose", data={"language": "zh-Hans", "from": "/"})
    page = sun.get("/").text
    assert "研究方案自身的文字以及报告和图表保持原文语言" in page
    assert [word for word in ("the rule says", ">Visit ", "Decision:") if word in page] == []


def test_a_casebook_is_not_served_under_a_study_that_was_changed_and_not_adopted(tmp_path: Path) -> None:
    place = copy_of(Path(str(load_study("nct07052565").folder)), tmp_path / "study")
    study = load_study(place)
    create_casebook(tmp_path / "book", study=study.id, study_version=study.version, study_folder=str(place)).close()
    open_workbench(tmp_path / "book").opened.casebook.close()
    dose = place / "dose.toml"
    dose.write_text(dose.read_text(encoding="utf-8").replace("= 18\n", "= 17\n", 1), encoding="utf-8")
    with pytest.raises(CasebookError, match="Adopt the change first: escalon casebook amend"):
        open_workbench(tmp_path / "book")
    assert any("casebook amend" in one for one in what_is_left(str(tmp_path / "book"), "127.0.0.1", None))
