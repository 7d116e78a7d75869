"""The committee's pages: the rule's answer, who was treated, signatures by two people, staleness, and what is greyed and why."""

import re
from typing import Any

import pytest

from escalon.casebook.casebook import Casebook
from escalon.history.events import AdverseEventRecorded, Course, DecisionSigned, DltAdjudicated
from tests.casebook.conftest import clock, sqlite_casebook
from tests.casebook.trial import INES, SECRET, person
from tests.web.bench import client, served

__all__ = ["clock", "sqlite_casebook"]


@pytest.fixture
def told(sqlite_casebook: Casebook) -> Any:
    bench, trial = served(sqlite_casebook)
    trial.treat_cohort(1, 1, "P1", "P2", "P3")
    return bench, trial


def say(browser: Any, here: str, act: str, **fields: str) -> Any:
    number = re.search(r'name="form-number" value="([^"]+)"', browser.get(here).text)
    data = {"form-number": number[1] if number else "", "from": here, "then": here, **fields}
    return browser.post(f"/acts/{act}", data=data, follow_redirects=False)


def proposed(bench: Any, stan: Any) -> int:
    assert say(stan, "/cohorts", "propose-decision").status_code == 303
    return max(bench.conduct.trial.decisions)


def test_the_rule_and_everybody_it_counts_stand_on_the_page_and_in_its_twin(told: Any) -> None:
    bench, _ = told
    cora = client(bench, "cora")
    page, twin = cora.get("/cohorts").text, cora.get("/cohorts.json").json()
    assert twin["rule"]["level"] == 2
    assert [(row["cohort"], row["level"], row["outcome"]) for row in twin["treated"]] == [(1, 1, "no DLT")] * 3
    assert "0 of 3 had a DLT at level 1" in page
    assert page.count('href="/participants/P2"') >= 2  # in the table, and the bar of the figure opens it
    assert "Treated by disease and dose level" in page
    assert cora.get("/cohorts/1.json").json()["cohort"]["places"] == [[1, "P1"], [2, "P2"], [3, "P3"]]
    assert cora.get("/cohorts/9").status_code == 404


def test_one_signer_twice_is_refused_the_second_person_signs_and_the_cohort_opens(told: Any) -> None:
    bench, _ = told
    stan, cora, cyrus = (client(bench, name) for name in ("stan", "cora", "cyrus"))
    number = proposed(bench, stan)
    here = f"/decisions/{number}"
    assert "already opened cohort 1" in stan.get("/cohorts").text
    assert "1 of 2 signatures" not in cora.get(here).text
    sign = {"decision": str(number), "meaning": "approve", "password": SECRET}
    assert say(cora, here, "DecisionSigned", **sign).status_code == 303
    assert "1 of 2 signatures" in cora.get(here).text
    assert "you signed this decision" in cora.get(here).text
    again = say(cora, here, "DecisionSigned", **sign)
    assert again.status_code in (403, 422)
    assert list(bench.conduct.trial.decisions[number].signers) == ["cora"]
    assert say(cyrus, here, "DecisionSigned", **(sign | {"password": "wrong"})).status_code == 422
    assert say(cyrus, here, "DecisionSigned", **sign).status_code == 303
    assert "in force" in cyrus.get(here).text
    opening = {"cohort": "2", "level": "2", "size": "3", "decision": str(number)}
    assert say(stan, "/cohorts", "CohortOpened", **opening).status_code == 303
    assert bench.conduct.trial.cohorts[2].opened.level == 2


def test_a_late_dlt_makes_the_decision_stale_and_says_so_before_anybody_signs(told: Any) -> None:
    bench, trial = told
    number = proposed(bench, client(bench, "stan"))
    event = AdverseEventRecorded(participant="P2", term="CRS", grade=4, start=bench.conduct.trial.courses["P2"].infused)
    line = trial.record(INES, event).number
    trial.record(INES, DltAdjudicated(participant="P2", is_dlt=True, because="grade 4", rests_on=(line,)))
    cora = client(bench, "cora")
    page = cora.get(f"/decisions/{number}").text
    assert "This decision is stale." in page
    assert "it is proposed again" in page
    assert not re.search(r'action="/acts/DecisionSigned"', page)
    assert "DLT" in page
    assert cora.get(f"/decisions/{number}.json").json()["dlts"][0]["participant"] == "P2"


def test_who_may_not_sign_is_told_who_may(told: Any) -> None:
    bench, _ = told
    number = proposed(bench, client(bench, "stan"))
    page = client(bench, "mona").get(f"/decisions/{number}").text
    assert "monitor does not sign decisions; a member of the committee does" in page
    assert 'aria-disabled="true"' in page
    assert client(bench, "ada").get(f"/decisions/{number}").status_code == 403


def test_nothing_is_chosen_before_a_person_chooses(told: Any) -> None:
    bench, _ = told
    number = proposed(bench, client(bench, "stan"))
    page = client(bench, "cora").get(f"/decisions/{number}").text
    assert 'type="radio" name="meaning"' in page
    assert " checked" not in page
    assert "Sign: I decided as a member of the committee to treat level 2" in page


def test_the_decision_leads_to_the_packet_of_the_committee(told: Any) -> None:
    bench, _ = told
    number = proposed(bench, client(bench, "stan"))
    cora = client(bench, "cora")
    assert 'href="/packet"' in cora.get(f"/decisions/{number}").text
    page = cora.get("/packet")
    assert page.status_code == 200
    assert "Safety review: may dosing go on, and at which level?" in page.text
    assert "unsafe-eval" not in page.headers["content-security-policy"]


def test_a_stop_of_the_committee_stands_above_what_the_rule_says(told: Any) -> None:
    bench, trial = told
    stop = trial.propose(1, course=Course.STOP, reason="a death elsewhere").number
    for signer in ("cora", "cyrus"):
        trial.sign(person(signer), DecisionSigned, decision=stop)
    cora = client(bench, "cora")
    rule = cora.get("/cohorts.json").json()["rule"]
    assert (rule["is_stopped"], rule["level"]) == (True, 2)
    for address in ("/cohorts", "/next-dose"):
        page = cora.get(address).text
        assert "ose nobody: the committee stopped the trial; the rule alone says: level 2 is open" in page
        assert "the committee decided to stop (a death elsewhere)" in page
    assert "Lay the rule&#39;s decision" in client(bench, "stan").get("/cohorts").text.replace("'", "&#39;")


def test_a_stop_that_the_rule_says_is_laid_before_the_committee_from_the_page(told: Any) -> None:
    bench, trial = told
    for code in ("P1", "P2"):
        event = AdverseEventRecorded(
            participant=code, term="CRS", grade=4, start=bench.conduct.trial.courses[code].infused
        )
        line = trial.record(INES, event).number
        trial.record(INES, DltAdjudicated(participant=code, is_dlt=True, because="DLT-1a", rests_on=(line,)))
    stan = client(bench, "stan")
    assert "Lay the rule&#39;s decision before the committee" in stan.get("/cohorts").text
    decision = bench.conduct.trial.decisions[proposed(bench, stan)].proposed
    assert (decision.course, decision.level) == (Course.STOP, 0)
    assert "too toxic" in decision.because
