"""Overrides asked for where a rule refuses, the report's figures one by one, feasibility, witnesses, and names that come near."""

from __future__ import annotations

import csv
import io
import json
import re

import pytest

from escalon.facts import Duration
from tests.casebook.conftest import casebook, clock, sqlite_casebook  # noqa: F401
from tests.casebook.trial import CORA, INES, PLAN, SECRET
from tests.web.bench import client, served
from tests.web.test_import_pages import act

pytest.importorskip("httpx2")


@pytest.fixture
def bench(sqlite_casebook):  # noqa: F811
    return served(sqlite_casebook)


def test_a_greyed_act_leads_to_an_override_which_two_people_sign_and_the_act_is_recorded_under_it(bench):
    trial = bench[1]
    trial.open_cohort(1, 1)
    trial.consent("P1")
    ines, here = client(bench[0], "ines"), "/participants/P1/treatment"
    step = next(one for one in ines.get(f"{here}.json").json()["steps"] if one["act"] == "LymphodepletionGiven")
    assert step["asks_override"].startswith("/overrides?act=LymphodepletionGiven&participant=P1&rules=")
    page = ines.get(step["asks_override"]).text
    assert 'name="content.regimen"' in page
    rules = re.findall(r'name="rules" value="([^"]+)" checked', page)
    assert "eligibility" in rules
    asked = {"act": "LymphodepletionGiven", "participant": "P1", "rules": ",".join(rules), "content.regimen": "Flu/Cy"}
    made = act(ines, "OverrideGiven", step["asks_override"], reason="started elsewhere", **asked)
    assert made.status_code == 303, made.text
    given = str(max(trial.conduct.trial.overrides))
    for who in ("ines", "cora"):
        browser = client(bench[0], who)
        assert (
            act(
                browser,
                "OverrideSigned",
                "/overrides",
                given=given,
                participant="P1",
                meaning="approve",
                password=SECRET,
            ).status_code
            == 303
        )
    row = ines.get("/overrides.json").json()["overrides"][0]
    assert (row["leads"], len(row["signers"])) == (f"{here}?override={given}", 2)
    under = ines.get(row["leads"]).text
    assert f'name="override" value="{given}"' in under
    assert "is recorded under" in under
    day = bench[0].now().date()
    said = {"started_on": day.isoformat(), "ended_on": day.isoformat(), "regimen": "Flu/Cy", "participant": "P1"}
    other = act(ines, "LymphodepletionGiven", row["leads"], override=given, **said | {"regimen": "Flu"}).text
    assert "was signed for regimen Flu/Cy, not Flu" in other
    assert "content.regimen=Flu&amp;" in other or "content.regimen=Flu#ask" in other  # one for what was really given
    made = act(ines, "LymphodepletionGiven", row["leads"], override=given, **said)
    assert made.status_code == 303
    after = ines.get(made.headers["location"]).text
    assert ("Recorded: " in after, "is recorded under" in after) == (True, False)
    assert ines.get("/overrides.json").json()["overrides"][0]["used_by"]


def test_a_refusal_that_signatures_could_set_aside_says_where_to_ask(bench):
    trial = bench[1]
    trial.consent("P1")
    ines = client(bench[0], "ines")
    day = bench[0].now().date().isoformat()
    said = {"participant": "P1", "started_on": day, "ended_on": day, "regimen": "Flu"}
    answer = act(ines, "LymphodepletionGiven", "/participants", **said)
    assert answer.status_code == 422
    assert "/overrides?act=LymphodepletionGiven&amp;participant=P1" in answer.text
    carla = client(bench[0], "carla")
    assert "/overrides?act=" not in act(carla, "LymphodepletionGiven", "/participants", **said).text


def test_each_figure_of_the_report_stands_by_itself_with_its_numbers(demo):
    browser = client(demo)
    browser.post("/demo/enter", data={"account": "zhou.jie"})
    names = [one["name"] for one in browser.get("/figures.json").json()["figures"]]
    assert {"participant-flow", "das28", "the-product-in-blood"} <= set(names)
    assert len(set(names)) == len(names)
    for name in names:
        told = browser.get(f"/figures/{name}.json").json()
        assert told["alt"]
        assert told["svg"].startswith("<svg")
        assert "style=" not in told["svg"]
        assert told["rows"], name
    earlier = browser.get("/figures/participant-flow.json?cutoff=2025-03-01").json()
    assert earlier["cutoff"] == "2025-03-01"
    assert earlier["svg"] != browser.get("/figures/participant-flow.json").json()["svg"]


def test_feasibility_counts_everybody_and_says_what_another_clause_would_change(demo):
    browser = client(demo)
    browser.post("/demo/enter", data={"account": "wang.min"})
    told = browser.get("/feasibility.json").json()["counts"]
    screened = browser.get("/screening.json").json()["participants"]
    verdicts = [one["verdict"] for one in screened]
    counted = {
        "people": len(verdicts), "eligible": verdicts.count("eligible"), "undecided": verdicts.count("undecided"),
        "excluded": verdicts.count("not eligible"),
    }  # fmt: skip
    assert counted.items() <= told.items()
    assert told["clauses"][-1]["left"] == told["eligible"] + told["undecided"]
    costly = max(told["clauses"], key=lambda one: one["alone"])
    assert costly["alone"] > 0
    page = browser.get("/feasibility").text
    assert "a number and a rule:" in page
    assert "withheld" not in page  # whoever may read each record is told each count
    typed = browser.get("/feasibility.json").json()["example"]
    assert browser.get("/feasibility.json", params={"relax": typed}).json()["wrong"] == ""
    other = browser.get("/feasibility.json", params={"relax": "haemoglobin >= 500 g/L"}).json()
    assert other["instead"]["eligible"] < told["eligible"]
    assert "no 'hemoglobn'" in browser.get("/feasibility.json", params={"relax": "hemoglobn >= 5"}).json()["wrong"]


def test_a_witness_that_the_casebook_names_signs_from_the_page_and_no_other_place_does(bench, tmp_path):
    place = tmp_path / "witness"
    with (bench[0].folder / "casebook.toml").open("a") as settings:
        settings.write(f"witnesses = {json.dumps([str(place)])}\n")
    ada = client(bench[0], "ada")
    assert [one["entry"] for one in ada.get("/admin/keys.json").json()["witnesses"]] == [0]
    assert act(ada, "witness", "/admin/keys", place=str(tmp_path / "other")).status_code == 422
    assert act(ada, "witness", "/admin/keys", place=str(place)).status_code == 303
    [seen] = ada.get("/admin/keys.json").json()["witnesses"]
    assert (seen["entry"], seen["stands"]) == (bench[1].casebook.head.number, True)
    bench[1].consent("P1")
    [later] = ada.get("/admin/keys.json").json()["witnesses"]
    assert (later["entry"], later["stands"]) == (seen["entry"], True)
    assert act(client(bench[0], "carla"), "witness", "/participants", place=str(place)).status_code == 403


@pytest.mark.parametrize(
    ("path", "near"),
    [
        ("/instruments/das28_es", "/instruments/das28_esr"),
        ("/instruments/nosuch", "/instruments/"),
        ("/participants/P90", "/participants/P09"),
        ("/participants/P08/visits/D27", "/participants/P08/visits/D270"),
        ("/participants/P08/visits/D28/das28", "das28_esr"),
        ("/cohort", "/cohorts"),
        ("/figures/das29", "/figures/das28"),
        ("/decisions/1", ""),
    ],
)
def test_where_there_is_no_such_page_the_names_that_come_near_are_links(demo, path, near):
    browser = client(demo)
    browser.post("/demo/enter", data={"account": "wang.min"})
    answer = browser.get(path)
    assert answer.status_code == 404
    links = re.findall(r'<li><a href="([^"]+)"', answer.text.split("<main")[1].split("</main>")[0])
    assert any(one.startswith(near) for one in links) or not near
    assert set(links) <= {*browser.get(f"{path}.json").json()["near"].values()}


def test_the_audit_trail_is_saved_as_filtered_and_no_cell_is_a_formula(bench):
    trial = bench[1]
    trial.consent("P1")
    mona = client(bench[0], "mona")
    asked = act(mona, "QueryRaised", "/queries", participant="P1", text="=1+1?")
    assert asked.status_code == 303
    saved = mona.get("/audit/export", params={"participant": "P1"})
    assert "attachment" in saved.headers["content-disposition"]
    rows = list(csv.DictReader(io.StringIO(saved.content.decode("utf-8-sig"))))
    assert [one["kind"] for one in rows] == ["participant consented", "query raised"]
    assert rows[1]["what"] == "'=1+1?"
    assert rows[0]["hash"] == trial.casebook.entry(int(rows[0]["entry"])).hash
    igor = client(bench[0], "igor")
    assert "P1" not in igor.get("/audit/export").text


def test_a_page_weighs_little_and_all_that_is_kept_for_ever_not_much(demo):
    from benchmarks.pages import FIRST_KB, GOALS, NEXT_KB, parts_weight, weight

    browser = client(demo)
    browser.post("/demo/enter", data={"account": "wang.min"})
    code = browser.get("/safety.json").json()["rows"][-1]["code"]
    weighs = {
        path: weight(browser, path.format(code=code))
        for path in (*GOALS, "/audit", "/feasibility", "/overrides", "/study", "/study/record")
    }
    assert max(weighs.values()) <= NEXT_KB, weighs
    assert max(weighs.values()) + parts_weight() <= FIRST_KB, (weighs, parts_weight())


def test_ten_people_at_once_meet_no_error(demo_address):
    from tests.web.load import run, told

    found = told(run(int(demo_address.rpartition(":")[2]), 10, 3))
    assert (found["errors"], found["people"]) == (0, 10)
    assert found["answers"] >= 10


def test_the_protocol_is_read_on_the_study_s_pages_and_every_link_in_it_leads_to_its_place(demo):
    browser = client(demo)
    browser.post("/demo/enter", data={"account": "wang.min"})
    pages = {
        path: browser.get(path).text for path in ("/study", "/study/record", "/study/assumptions", "/study/schedule")
    }
    links = [(path, link) for path, text in pages.items() for link in re.findall(r'href="(/study[^"]*|#[^"]+)"', text)]
    assert len(links) > 100
    for path, link in links:
        to, _, place = link.partition("#")
        assert not place or f'id="{place}"' in pages[to or path], (path, link)
    assert "Neutrophils" in pages["/study"]
    assert "Every clause of the registry" in pages["/study/record"]


def test_the_pages_show_one_clock_the_day_as_it_is_read_and_no_trailing_zero(demo):
    browser = client(demo)
    browser.post("/demo/enter", data={"account": "wang.min"})
    form = browser.get("/participants/P07/visits/D28/das28_esr").text
    assert " UTC" not in form
    assert re.search(r"Wang Min, \d\d-Jun-2025 08:30", form)
    values = browser.get("/participants/P07.json").json()["values"]
    assert [one["says"] for one in values if re.match(r"\d+\.\d*0( |$)", one["says"])] == []
    browser.post("/demo/enter", data={"account": "xu.ting"})
    packet = browser.get("/packet").text
    assert re.search(r">[^<]*\b\d\d-May-2025", packet)
    printed = re.sub(r"(?s)<(script|style)\b.*?</\1>|<[^>]*>", "", packet)
    assert re.findall(r"\b2025-\d\d-\d\d\b", printed) == []


def test_today_marks_a_dlt_on_its_clock_and_tells_an_administrator_what_is_left_and_no_count(demo):
    browser = client(demo)
    browser.post("/demo/enter", data={"account": "wang.min"})
    clocks = {one["participant"]: one for one in browser.get("/today.json").json()["clocks"]}
    assert (clocks["P07"]["says"], clocks["P07"]["dlt_on"]) == ("DLT, closed", "2025-05-10")
    assert clocks["P08"]["dlt_on"] is None
    browser.post("/choose", data={"language": "zh-Hans", "from": "/"})
    chinese = browser.get("/").text
    assert [
        word for word in ("days late", "days left", "opens in", "value missing", ">due ", "until ") if word in chinese
    ] == []
    browser.post("/choose", data={"language": "en", "from": "/"})
    grounds = browser.get("/participants/P07/findings/das28_esr").text
    assert "<summary>Active joints of 28, tender" in grounds  # 57 lines each, folded
    browser.post("/demo/enter", data={"account": "ma.rui"})
    page = browser.get("/").text
    assert "0 participants" not in page
    assert "second factor" in page
    browser.post("/demo/enter", data={"account": "gao.fei"})
    assert "/audit?kind=EntryCorrected,FactCorrected" in browser.get("/").text


def held_beside_a_clock(trial):
    """P1 prepared while the clock of P0 runs, so that an infusion needs an override."""
    trial.open_cohort(1, 1)
    trial.prepare("P0", 1, 1)
    trial.infuse("P0", 1)
    trial.prepare("P1", 1, 1)


@pytest.mark.parametrize("signers", [(), (INES,), (INES, CORA)], ids=len)
def test_only_an_override_that_is_signed_is_said_to_set_a_rule_aside(bench, signers):
    held_beside_a_clock(bench[1])
    number = bench[1].override("CellsInfused", "P1", "sentinel clock", signers=signers)
    ines, here = client(bench[0], "ines"), f"/participants/P1/infusion?override={number}"
    page, rules = ines.get(here).text, ines.get(here.replace("?", ".json?")).json()["rules"]
    is_signed = len(signers) == 2
    assert [one["name"] for one in rules if one["set_aside"]] == ["sentinel clock"] * is_signed
    assert ("signed for exactly this" in page) is is_signed
    assert ("under it nothing is recorded" in page) is not is_signed


def test_an_override_that_waited_too_long_is_over_on_every_page(sqlite_casebook):  # noqa: F811
    plan = PLAN.model_copy(update={"dose": PLAN.dose.model_copy(update={"override_valid": Duration.parse("7 days")})})
    bench, trial = served(sqlite_casebook, plan)
    held_beside_a_clock(trial)
    number = trial.override("CellsInfused", "P1", "sentinel clock")
    ines = client(bench, "ines")
    assert f"under override {number}" in ines.get("/").text
    trial.days(8)
    ines = client(bench, "ines")
    assert f"under override {number}" not in ines.get("/").text
    row = ines.get("/overrides.json").json()["overrides"][0]
    assert (row["is_over"], row["leads"], row["may_sign"]) == (True, "", False)
    assert "over, unused" in ines.get("/overrides").text
