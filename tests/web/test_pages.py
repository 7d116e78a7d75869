"""Every page answers, its JSON twin says the same, and the form scores as the server does."""

import re
from pathlib import Path

import pytest

from tests.drawn import drawn

pytest.importorskip("httpx2")


@pytest.fixture(scope="module")
def folder() -> Path:
    return drawn()


@pytest.fixture(scope="module")
def client(folder):
    from fastapi.testclient import TestClient

    from escalon.web.app import create_app

    return TestClient(create_app("nct07052565", folder), base_url="http://localhost")


@pytest.mark.parametrize(
    "path", ["/", "/study", "/instruments", "/instruments/das28_esr", "/screening", "/report", "/packet"]
)
def test_every_page_says_that_it_is_not_a_medical_device(client, path):
    answer = client.get(path)
    assert answer.status_code == 200
    assert "Not a medical device" in answer.text


@pytest.mark.parametrize("path", ["/study", "/instruments", "/instruments/das28_esr", "/screening", "/next-dose"])
def test_every_page_has_a_json_twin(client, path):
    assert client.get(f"{path}.json").json()


def test_the_screening_page_and_its_twin_name_the_same_people(client):
    twin = client.get("/screening.json").json()
    page = client.get("/screening").text
    assert len(twin["participants"]) == 25
    assert all(one["participant"] in page and one["verdict"] in page for one in twin["participants"])
    names = re.findall(r"\b[a-z][a-z0-9]*(?:_[a-z0-9]+)+\b", page.split("<main", 1)[1])
    assert names == []  # the page says reasons in words; the twin keeps the program's names


def test_scoring_by_post_is_the_same_finding(client):
    answer = client.post(
        "/instruments/das28_esr/score", json={"tender": 4, "swollen": 5, "esr": 7, "global_health": "50 mm"}
    )
    assert round(answer.json()["value"], 4) == 3.8082


@pytest.mark.parametrize(
    ("items", "says"), [({"tendr": 4}, "Did you mean tender?"), ({"tender": 29}, "Accepted: whole number 0–28")]
)
def test_wrong_items_are_422_with_what_to_write(client, items, says):
    answer = client.post("/instruments/das28_esr/score", json=items)
    assert answer.status_code == 422
    assert says in answer.text


def test_an_unknown_instrument_is_404_with_the_nearest_names(client):
    answer = client.get("/instruments/das29_esr")
    assert answer.status_code == 404
    assert "das28_esr" in answer.text


def test_a_broken_data_folder_is_said_and_not_a_server_error(tmp_path):
    from fastapi.testclient import TestClient

    from escalon.web.app import create_app

    answer = TestClient(create_app("nct07052565", tmp_path), base_url="http://localhost").get("/screening.json")
    assert answer.status_code == 422
    assert "facts.csv" in answer.json()["says"]


def test_nan_is_refused_and_never_taken_as_missing(client):
    body = '{"tender": 1, "swollen": 1, "esr": NaN}'
    answer = client.post("/instruments/das28_esr/score", content=body, headers={"content-type": "application/json"})
    assert answer.status_code == 422
    assert "esr: NaN is not a number" in answer.text


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ('{"tender": 4, "tender": 9}', "tender is given twice"),
        ('{"tender": {"value": 4, "value": 9}}', "value is given twice"),
        ('{"tender": ' + "9" * 5000 + "}", "Exceeds the limit"),
    ],
)
def test_json_that_readers_differ_on_is_refused(client, body, says):
    answer = client.post("/instruments/das28_esr/score", content=body, headers={"content-type": "application/json"})
    assert answer.status_code == 422
    assert says in answer.json()["says"]


def test_null_is_missing(client):
    answer = client.post("/instruments/das28_esr/score", json={"tender": 1, "swollen": 1, "esr": None})
    assert answer.status_code == 200
    assert "esr" in answer.json()["missing"]


def test_an_item_that_does_not_exist_and_an_instrument_that_does_not_are_named(client):
    assert "Items:" in client.post("/instruments/das28_esr/score", json={"sunshine": 1}).json()["says"]
    answer = client.get("/instruments/das28_es.json")
    assert answer.status_code == 404
    assert "Did you mean das28" in answer.json()["says"]


def test_what_is_wrong_with_the_data_is_said_and_a_fault_of_ours_is_not_hidden(folder, tmp_path):
    from fastapi.testclient import TestClient

    from escalon.web.app import create_app

    (tmp_path / "facts.csv").write_text("participant,participant\n", encoding="utf-8")
    answer = TestClient(create_app("nct07052565", tmp_path), base_url="http://localhost").get("/screening.json")
    assert answer.status_code == 422
    assert "stands twice" in answer.json()["says"]


def test_only_this_computer_s_names_are_answered(client):
    for host in ("evil.example", "attacker.test:80"):
        assert client.get("/screening.json", headers={"host": host}).status_code == 400
    assert client.get("/", headers={"host": "127.0.0.1:8000"}).status_code == 200


def test_people_get_a_page_where_something_is_not_there_or_cannot_be_read(client, tmp_path):
    from fastapi.testclient import TestClient

    from escalon.web.app import create_app

    wants = {"accept": "text/html"}
    missing = client.get("/instruments/das28", headers=wants)
    assert (missing.status_code, missing.headers["content-type"].split(";")[0]) == (404, "text/html")
    assert "das28" in missing.text
    (tmp_path / "facts.csv").write_text("participant,participant\nP01,P01\n", encoding="utf-8")
    broken = TestClient(create_app("nct07052565", tmp_path), base_url="http://localhost").get(
        "/screening", headers=wants
    )
    assert (broken.status_code, broken.headers["content-type"].split(";")[0]) == (422, "text/html")
    assert "facts.csv:1" in broken.text


def test_a_folder_is_served_whether_its_place_is_written_as_text_or_as_a_path(folder):
    from fastapi.testclient import TestClient

    from escalon.web.app import create_app

    browser = TestClient(
        create_app("nct07052565", str(folder)), base_url="http://localhost", headers={"accept": "text/html"}
    )
    assert browser.get("/screening").status_code == 200
    answer = browser.get("/next-dose").text
    assert "<h1>" in answer
    assert not re.search(r"\b20\d\d-\d\d-\d\d\b", re.search(r"(?s)<main.*?</main>", answer)[0])
    assert "nothing is found at this address" in browser.get("/nosuchpage").text
