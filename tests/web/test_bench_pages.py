"""Every page of a casebook answers each role as its table says, and never with an error of ours; other sites are not there."""

from __future__ import annotations

import re

import pytest

from tests.casebook.conftest import clock, sqlite_casebook  # noqa: F401
from tests.casebook.trial import MONA, PEOPLE
from tests.web.bench import client, with_one_infused

pytest.importorskip("httpx2")

from escalon.history.events import QueryRaised
from escalon.web.registry import PAGES, find_all

find_all()


@pytest.fixture(scope="module")
def bench(tmp_path_factory):
    bench, trial = with_one_infused(tmp_path_factory.mktemp("b"))
    trial.record(MONA, QueryRaised(participant="P1", text="which form?"))
    trial.consent("P2")
    return bench, trial


@pytest.fixture(scope="module")
def browsers(bench):
    return {name: client(bench[0], name) for name in PEOPLE}


def address(path: str, **parts: str) -> str:
    """A page's address with these parts; those it has besides are an instrument's name."""
    known = {"code": "P1", "number": "30", "finding": "dlt", "visit": "D28"} | parts
    return re.sub(r"\{(\w+)\}", lambda found: known.get(found[1], "das28_esr"), path)


@pytest.mark.parametrize("path", sorted(PAGES))
@pytest.mark.parametrize("name", PEOPLE)
def test_a_page_answers_whom_it_is_for_and_nobody_else(bench, browsers, path, name):
    role = PEOPLE[name][0][0]
    for at in (address(path), "/today.json" if path == "/" else f"{address(path)}.json"):
        status = browsers[name].get(at, follow_redirects=False).status_code
        if role not in PAGES[path].sees:
            assert status == 403, (at, status)
        elif "{code}" in path and PEOPLE[name][0][1] == "S2":
            assert status == 404, (at, status)
        else:
            assert status in ((200, 404) if "{" in path else (200,)), (at, status)


@pytest.mark.parametrize("path", sorted(path for path in PAGES if "{" in path))
def test_a_changed_id_is_a_missing_page_or_a_refusal_and_never_an_error(browsers, path):
    for other in ("P-999", "..%2f..", "P1'--", "%00", "x" * 300, "-1", "9" * 30):
        for end in ("", ".json"):
            assert browsers["ines"].get(re.sub(r"\{\w+\}", other.replace("\\", ""), path) + end).status_code in (
                307,
                404,
                422,
            )


def test_an_investigator_of_another_site_lists_and_acts_on_nobody_of_this_one(browsers):
    assert browsers["igor"].get("/participants.json").json()["rows"] == []
    assert browsers["ines"].get("/participants.json").json()["rows"] != []
    assert all(one["participant"] == "" for one in browsers["igor"].get("/audit.json").json()["entries"])
    told = browsers["igor"].post(
        "/acts/ParticipantWithdrawn", json={"content": {"participant": "P1", "on": "2026-03-02", "reason": "x"}}
    )
    assert told.status_code == 403


def test_an_administrator_sees_no_participant_anywhere(browsers):
    for path in PAGES:
        answer = browsers["ada"].get(address(path))
        said = re.sub(r'name="form-number" value="[^"]+"', "", answer.text)  # letters drawn at random
        assert "P1" not in said or answer.status_code in (403, 404)
