"""What another study asks of the pages: a tablet in mg has its page, a drug its form, and what is doubtful is said."""

from __future__ import annotations

import re

import pytest

from escalon.history.events import DecisionSigned
from escalon.protocol import load_study
from tests.casebook.conftest import clock, sqlite_casebook  # noqa: F401
from tests.casebook.trial import CORA, CYRUS, study
from tests.protocol.folders import HERON, ORCHID
from tests.web.bench import client, said, served, with_one_infused

pytest.importorskip("httpx2")
DOSE = "/participants/P1/infusion"


@pytest.fixture
def tablets(sqlite_casebook):  # noqa: F811
    plan = load_study(HERON).model_copy(update={"inclusion": (), "exclusion": (), "zone": None, "version": "1"})
    bench, trial = served(sqlite_casebook, plan)
    trial.open_cohort(1, 1)
    trial.enter("P1")
    trial.allocate("P1", 1)
    return client(bench, "ines"), trial


def given(trial, amount):
    day = trial.today()
    return {
        "participant": "P1",
        "amount": amount,
        "at_d": f"{day:%d}",
        "at_m": f"{day:%m}",
        "at_y": f"{day:%Y}",
        "at_t": "00:01",
    }


def test_a_tablet_is_given_on_its_page_with_its_window_as_it_is(tablets):
    ines, trial = tablets
    page = ines.get(DOSE).text
    assert "25 mg" in page
    assert "22.5" in page
    assert "27.5" in page
    assert "Prepare the dose" not in page
    assert said(ines, DOSE, "give", **given(trial, "25")).status_code == 303
    assert "Given: <b>25 mg" in ines.get(DOSE).text
    assert "dose given: level 1, 25 mg" in ines.get("/participants/P1").text
    assert re.search(r"class=\"num nw\">25</td>", ines.get("/cohorts").text)
    assert "treated" in ines.get("/participants").text


@pytest.mark.parametrize("amount", ["", "0", "-25", "25 mg", "2,5", "500", "²", "NaN", "1e400"])
def test_a_dose_that_is_no_dose_of_the_level_is_refused_where_it_was_typed(tablets, amount):
    ines, trial = tablets
    answer = said(ines, DOSE, "give", **given(trial, amount))
    assert answer.status_code == 422
    assert not trial.conduct.trial.courses["P1"].infusions
    assert "outside" in answer.text if amount == "500" else 'id="amount-wrong"' in answer.text


def test_cells_for_each_kilogram_are_never_given_past_the_second_person(tmp_path):
    bench, trial = with_one_infused(tmp_path)
    trial.prepare("P2", 1, 1)
    answer = client(bench, "ines").post("/acts/give", json={"content": {"participant": "P2", "amount": "1e5"}})
    assert answer.status_code == 422
    assert "prepared, checked and then infused" in answer.text


def test_a_drug_has_its_form_and_a_term_that_is_none_is_recorded_with_a_word(tmp_path):
    bench, _ = with_one_infused(tmp_path)
    ines, page = client(bench, "ines"), "/participants/P1/treatment"
    day = {"start_d": "", "start_m": "09", "start_y": "2025"}
    form = {"participant": "P1", "treatment": "methotrexate", "dose": "15", "unit": "mg/week", "ongoing": "yes"}
    assert said(ines, page, "TreatmentGiven", **form, **day).status_code == 303
    assert "15 mg/week" in ines.get(page).text
    refused = said(ines, page, "TreatmentGiven", **(form | {"unit": ""}), **day)
    assert refused.status_code == 422
    assert 'id="unit-wrong"' in refused.text

    event = {"participant": "P1", "term": "Oedema peripheral", "grade": 2, "start": "2026-03-02", "ongoing": True}
    told = ines.post("/acts/AdverseEventRecorded", json={"content": event})
    assert "Did you mean «Edema limbs»?" in told.json()["says"][1]
    assert "Did you mean «Edema limbs»?" in ines.get("/participants/P1/safety").text
    number = told.json()["entries"][0]
    assert "Did you mean" in ines.get(f"/me?recorded={number}").text
    assert "Did you mean" not in client(bench, "carla").get(f"/me?recorded={number}").text  # another's entry


def test_a_document_of_its_own_may_use_the_letters_within_it(tmp_path):
    bench, _ = with_one_infused(tmp_path)
    policy = client(bench, "ines").get("/packet").headers["content-security-policy"]
    assert "font-src 'self' data:;" in policy
    assert "font-src 'self';" in client(bench, "ines").get("/").headers["content-security-policy"]


def test_the_first_day_of_a_trial_says_how_it_begins(sqlite_casebook):  # noqa: F811
    bench, trial = served(sqlite_casebook)
    assert "Record the first consent" in client(bench, "carla").get("/").text
    assert "Lay the first decision before the committee" in client(bench, "stan").get("/").text
    trial.consent("P1")
    assert "Record the first consent" not in client(bench, "carla").get("/").text


def test_a_tablet_has_no_worksheet_of_cells(tablets):
    browser, _ = tablets
    page = browser.get(f"{DOSE}/worksheet")
    assert (page.status_code, "this study gives no cells" in page.text) == (404, True)
    assert f"{DOSE}/worksheet" not in browser.get(DOSE).text


def test_a_product_that_is_released_before_anybody_has_a_place_names_its_level(sqlite_casebook):  # noqa: F811
    bench, trial = served(sqlite_casebook, load_study(ORCHID).model_copy(update={"zone": None}))
    trial.consent("P1")
    page = client(bench, "lena").get("/participants/P1/treatment")
    assert page.status_code == 200
    assert '<select id="level" name="level">' in page.text


def test_the_cohorts_page_decides_and_opens_for_each_stratum(sqlite_casebook):  # noqa: F811
    """What is laid before the committee names its stratum; each has its rule, its outlook and its next cohort."""
    bench, trial = served(sqlite_casebook, study(strata="disease", cap=9))
    stan = client(bench, "stan")
    page = stan.get("/cohorts").text
    for one in ("RA", "SLE", "SS", "SSC"):
        assert f"The rule&#39;s answer for {one}" in page
        assert f"What can still happen in {one}" in page
        assert "before the committee" in page.split(f"Lay the rule&#39;s decision of {one} ")[1][:30]
        assert f"Open cohort 1 of {one}" in page
    assert said(stan, "/cohorts", "propose-decision", stratum="SLE").status_code == 303
    [(number, decision)] = trial.conduct.trial.decisions.items()
    assert (decision.proposed.level, decision.proposed.stratum) == (1, "SLE")
    assert "treat level 1 of SLE" in stan.get("/cohorts").text
    assert "The rule&#39;s answer for SLE" in stan.get(f"/decisions/{number}").text
    assert said(stan, "/cohorts", "propose-decision").status_code in (409, 422)
    for one in (CORA, CYRUS):
        trial.sign(one, DecisionSigned, decision=number)
    opened = said(stan, "/cohorts", "CohortOpened", cohort="1", level="1", size="3", decision=str(number))
    assert opened.status_code == 303
    rows = stan.get("/cohorts.json").json()["cohorts"]
    assert [(one["number"], one["stratum"], one["is_open"]) for one in rows] == [(1, "SLE", True)]
    page = stan.get("/cohorts").text
    identifiers = re.findall(r' id="([^"]+)"', page)
    assert len(identifiers) == len(set(identifiers))
    assert "cohort 1 is still open" in page.split("Open cohort 2 of SLE")[2]
    assert "no decision is in force" in page.split("Open cohort 2 of RA")[2]
