"""The second person of an infusion finds the first result nowhere: on no page, in no twin, trail, export, query or refusal."""

from __future__ import annotations

import re

import pytest

from tests.casebook.conftest import clock, sqlite_casebook  # noqa: F401
from tests.web.bench import client
from tests.web.test_infusion import CHECK, HERE, PREPARE, bench, said  # noqa: F401

pytest.importorskip("httpx2")

SECRETS = ("8.17", "0.86", "86 %", "2500000", "2.5 million", "0.41", "41 %")
STARTS = (
    "/", "/participants/P1", "/audit", "/audit/export", "/audit?participant=P1", "/queries", "/overrides", "/signatures",
    "/report", "/packet", "/figures", "/cohorts", "/safety", "/samples", HERE, f"{HERE}/worksheet",
    f"{HERE}/worksheet?blank=", "/participants/P1/treatment",
)  # fmt: skip


def everything(browser, starts, most=56):
    """Every page that can be reached, and its twin."""
    answers, wait = {}, list(starts)
    while wait and len(answers) < most:
        at = wait.pop(0)
        if at in answers:
            continue
        found = answers[at] = browser.get(at)
        if found.headers.get("content-type", "").startswith("text/html") and found.status_code == 200:
            links = re.findall(r'href="(/[^"#]*)', found.text)
            wait += [one.replace("&amp;", "&") for one in links if not one.startswith(("/static", "/instruments"))]
            path, mark, query = at.partition("?")
            wait.insert(0, ("/today" if path == "/" else path) + ".json" + mark + query)
    return answers


@pytest.fixture
def prepared(bench):  # noqa: F811
    assert said(client(bench, "carla"), "DosePrepared", **PREPARE).status_code == 303
    return bench, bench.opened.casebook.head.number


@pytest.mark.parametrize("name", ["lena", "ines", "mona"])
def test_who_may_still_have_to_check_meets_no_number_of_the_first_person_wherever_they_go(prepared, name):
    bench, entry = prepared  # noqa: F811
    browser = client(bench, name)
    found = everything(browser, (f"/entries/{entry}", f"/entries/{entry}.json", *STARTS))
    assert len(found) == 56
    told = [at for at, answer in found.items() if any(secret in answer.text for secret in SECRETS)]
    assert not told
    assert "hidden until a second person has found the same" in found[f"/entries/{entry}"].text


def test_after_a_check_that_differs_the_first_result_is_still_hidden_and_after_one_that_agrees_open(prepared):
    bench, entry = prepared  # noqa: F811
    lena, carla = client(bench, "lena"), client(bench, "carla")
    assert "8.17" in carla.get(f"/entries/{entry}").text
    assert said(lena, "DoseChecked", **(CHECK | {"volume_ml": "9.81"})).status_code == 303
    check = bench.opened.casebook.head.number
    found = everything(lena, (f"/entries/{check}", f"/entries/{entry}", *STARTS), most=30)
    assert not [at for at, answer in found.items() if "8.17" in answer.text]
    assert said(lena, "DoseChecked", **CHECK).status_code == 303
    for browser in (lena, client(bench, "mona")):
        assert "8.17" in browser.get(f"/entries/{entry}").text
        assert "8.17" in browser.get(f"/entries/{check}").text


def test_a_question_is_about_an_entry_that_the_asker_may_read_and_about_whom_the_entry_is_about(prepared):
    bench, entry = prepared  # noqa: F811
    mona, igor = client(bench, "mona"), client(bench, "igor")
    before = bench.opened.casebook.head.number
    for browser, participant, about in (
        (igor, "", entry), (igor, "P1", entry), (mona, "P1", 0), (mona, "P1", 3), (mona, "P1", 99999), (mona, "P9", entry),
    ):  # fmt: skip
        answer = browser.post(
            "/acts/QueryRaised", json={"content": {"participant": participant, "text": "?", "about": about}}
        )
        assert answer.status_code in (403, 404, 422), (participant, about, answer.status_code)
    assert bench.opened.casebook.head.number == before
    assert mona.post("/acts/QueryRaised", json={"content": {"text": "?", "about": entry}}).status_code == 201
    [asked] = mona.get("/queries.json").json()["queries"]
    assert asked["participant"] == "P1"
    assert "8.17" not in asked["about"]["what"]
