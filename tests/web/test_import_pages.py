"""A data folder in the browser: every row accounted for, a mapping to begin with, departures that two people sign, one act."""

from __future__ import annotations

import re

import pytest

from tests.casebook.conftest import casebook, clock, sqlite_casebook  # noqa: F401
from tests.casebook.trial import SECRET
from tests.web.bench import client, served

pytest.importorskip("httpx2")

FACTS = """participant,fact,value,unit,date
P50,informed_consent,2026-02-20,,2026-02-20
P50,disease,RA,,2026-02-21
P50,esr,31,mm/h,2026-02-21
P50,esr,banana,mm/h,2026-02-22
"""
DOSES = """participant,level,date,cells_per_kg
P50,3,2026-02-24,600000
"""
EXPORT = """record_id,visit_date,redcap_event_name,esr,alt,alt_uln,weight,sex,shoe_size
P50,2026-02-21,screening_arm_1,31,20,40,61.5,1,38
"""


@pytest.fixture
def bench(sqlite_casebook):  # noqa: F811
    return served(sqlite_casebook)


def number(browser, path: str) -> str:
    found = re.search(r'name="form-number" value="([^"]+)"', browser.get(path).text)
    assert found
    return found[1]


def send(browser, **files: str):
    said = {"form-number": number(browser, "/import"), "from": "/import", "name": "from paper"}
    sent = [("files", (name.replace("_csv", ".csv"), text.encode())) for name, text in files.items()]
    return browser.post("/acts/upload", data=said, files=sent, follow_redirects=False)


def act(browser, kind: str, path: str, **said: str):
    return browser.post(
        f"/acts/{kind}", data={"form-number": number(browser, path), "from": path, **said}, follow_redirects=False
    )


def test_a_folder_sent_is_accounted_for_row_by_row_and_records_nothing(bench):
    ines = client(bench[0], "ines")
    before = bench[1].casebook.head.number
    place = send(ines, facts_csv=FACTS).headers["location"]
    told = ines.get(f"{place}.json").json()
    assert [(one["file"], one["read"], one["used"], one["refused"]) for one in told["counts"]] == [
        ("facts.csv", 4, 3, 1)
    ]
    assert [(one["file"], one["line"]) for one in told["troubles"] if one["refused"]] == [("facts.csv", 5)]
    assert "4 rows read = 3 recorded + 0 already there + 0 in conflict + 1 refused" in ines.get(place).text
    assert bench[1].casebook.head.number == before


def test_a_folder_is_recorded_in_one_act_and_twice_is_once(bench):
    ines = client(bench[0], "ines")
    place = send(ines, facts_csv=FACTS.replace("banana", "29")).headers["location"]
    key = place.rpartition("/")[2]
    made = act(ines, "import", place, upload=key, site="S1")
    assert made.status_code == 303, made.text
    assert "P50" in bench[1].conduct.trial.courses
    assert ines.get(f"{place}.json").json()["already_there"] == 4
    again = bench[1].casebook.head.number
    act(ines, "import", place, upload=key, site="S1")
    assert bench[1].casebook.head.number == again


def test_departures_are_signed_by_two_people_before_they_are_recorded(bench):
    ines = client(bench[0], "ines")
    place = send(ines, facts_csv=FACTS.replace("banana", "29"), doses_csv=DOSES).headers["location"]
    told = ines.get(f"{place}.json").json()
    key = place.rpartition("/")[2]
    assert told["departures"]
    assert told["digest"]
    refused = act(ines, "import", place, upload=key, site="S1")
    assert refused.status_code == 422
    asked = {"act": "FolderImported", "rules": ",".join(told["rules"]), "content.departures": told["digest"]}
    assert act(ines, "OverrideGiven", place, reason="conducted on paper", **asked).status_code == 303
    given = max(bench[1].conduct.trial.overrides)
    for who in ("ines", "cora"):
        browser = client(bench[0], who)
        signed = act(browser, "OverrideSigned", "/overrides", given=str(given), meaning="approve", password=SECRET)
        assert signed.status_code == 303, signed.text
    assert ines.get(f"{place}.json").json()["signing"]["number"] == given
    made = act(ines, "import", place, upload=key, site="S1", override=str(given))
    assert made.status_code == 303, made.text
    assert bench[1].conduct.trial.overrides[given].used_by
    assert bench[1].conduct.trial.courses["P50"].infusions


def test_an_export_begins_with_a_drafted_mapping_that_guesses_no_unit_and_no_meaning(bench):
    ines = client(bench[0], "ines")
    place = send(ines, export_csv=EXPORT).headers["location"]
    told = ines.get(f"{place}.json").json()
    assert "facts.csv" in told["problem"]
    for line in (
        'participant = "record_id"',
        'esr = { column = "esr", unit = "mm/h" }',
        'alt = { column = "alt", upper = "alt_uln", unit = "U/L" }',
        "# shoe_size: 38",
    ):
        assert line in told["mapping"]
    assert 'values = { "1" = … } of female, male' in told["mapping"]
    better = told["mapping"].replace('sex = { column = "sex" }', 'sex = { column = "sex", values = { 1 = "male" } }')
    better = better.replace("# visits = { … }", 'visits = { screening_arm_1 = "SCR" }')
    mapped = act(ines, "map", place, upload=place.rpartition("/")[2], mapping=better)
    assert mapped.status_code == 303, mapped.text
    told = ines.get(f"{mapped.headers['location']}.json").json()
    assert (told["problem"], told["is_draft"]) == ("", False)
    assert [(one["table"], one["read"], one["used"]) for one in told["counts"] if one["table"]] == [("facts", 4, 4)]
    assert any(one["column"] == "shoe_size" for one in told["troubles"])


@pytest.mark.parametrize("name", ["casebook.toml", "entries.jsonl", "study.py", "facts.exe"])
def test_what_is_no_table_is_not_kept(bench, name):
    ines = client(bench[0], "ines")
    said = {"form-number": number(ines, "/import"), "from": "/import", "name": "x"}
    answer = ines.post("/acts/upload", data=said, files=[("files", (f"../{name}", b"x"))], follow_redirects=False)
    assert answer.status_code == 422
    assert name in answer.text
    assert not bench[0].uploads.kept


def test_only_an_investigator_sends_and_records(bench):
    for who in ("carla", "stan", "ada"):
        browser = client(bench[0], who)
        assert browser.get("/import").status_code == 403
        told = browser.post("/acts/upload", json={"content": {"name": "x"}, "files": {"facts.csv": FACTS}})
        assert told.status_code == 403
    cora = client(bench[0], "cora")
    assert cora.get("/import").status_code == 200
    assert cora.post("/acts/upload", json={"content": {"name": "x"}, "files": {"facts.csv": FACTS}}).status_code == 403


def test_another_site_s_folder_is_not_there_and_nobody_imports_for_another_site(bench):
    ines, igor = client(bench[0], "ines"), client(bench[0], "igor")
    place = send(ines, facts_csv=FACTS).headers["location"]
    assert igor.get(place).status_code == 404
    assert igor.get("/import.json").json()["uploads"] == []
    key = place.rpartition("/")[2]
    assert act(ines, "import", place, upload=key, site="S2").status_code == 403
    assert act(igor, "import", "/import", upload=key, site="S2").status_code == 404
    assert not bench[1].conduct.trial.courses


def test_the_same_by_json(bench):
    ines = client(bench[0], "ines")
    sent = ines.post("/acts/upload", json={"content": {"name": "x"}, "files": {"facts.csv": FACTS}})
    assert (sent.status_code, sent.json()["entries"]) == (201, [])
    assert ines.get(sent.json()["to"] + ".json").json()["recorded"] == 3
