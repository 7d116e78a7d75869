"""People, passwords and the second factor in the browser: what the administrator does, and what each does for themselves."""

from __future__ import annotations

import re

import pyotp
import pytest

from tests.casebook.conftest import clock, sqlite_casebook  # noqa: F401
from tests.casebook.trial import SECRET
from tests.web.bench import client, enter, served
from tests.web.test_workbench import post

pytest.importorskip("httpx2")


@pytest.fixture
def bench(sqlite_casebook):  # noqa: F811
    return served(sqlite_casebook)


def test_an_administrator_opens_grants_and_revokes_and_the_person_changes_the_password(bench):
    ada = client(bench[0], "ada")
    said = {
        "account": "olga",
        "printed_name": "Olga New",
        "held": "monitor",
        "at_site": "*",
        "first": "for her first day only",
    }
    assert post(ada, "AccountOpened", said, "/admin/people").status_code == 200
    olga = client(bench[0])
    enter(olga, "olga", said["first"])
    assert "Change it before you sign" in olga.get("/me").text
    new = {"password": said["first"], "new": "a sentence of her own", "again": "a sentence of her own"}
    assert post(olga, "SecretSet", new, "/me").status_code == 200
    enter(olga, "olga", new["new"])
    post(ada, "RoleGranted", {"account": "olga", "held": "coordinator", "at_site": "S1"}, "/admin/people")
    assert len(bench[1].conduct.trial.people.by_account["olga"].roles) == 2
    post(ada, "AccountRevoked", {"account": "olga", "reason": "left"}, "/admin/people")
    assert olga.get("/me", follow_redirects=False).status_code == 303


def test_nobody_but_an_administrator_opens_an_account(bench):
    content = {
        "account": "eve",
        "printed_name": "Eve",
        "held": "administrator",
        "at_site": "*",
        "first": "a password of its own",
    }
    for name in ("carla", "ines", "mona", "cora"):
        told = client(bench[0], name).post("/acts/AccountOpened", json={"content": content})
        assert told.status_code == 403
    assert "eve" not in bench[1].conduct.trial.people.by_account


def test_a_second_factor_is_set_up_with_its_code_and_then_asked_for(bench):
    browser = client(bench[0], "ines")
    seed = re.search(r"<code>([A-Z2-7]{32})</code>", browser.get("/me?second_factor=set-up").text)
    assert seed
    code = pyotp.TOTP(seed[1]).at(bench[0].now())
    new = {"password": SECRET, "new": "short one", "again": "short one"}
    wrong = post(browser, "SecretSet", new | {"new_code": "000000"}, "/me?second_factor=set-up")
    assert (wrong.status_code, "not the code" in wrong.text) == (422, True)
    assert post(browser, "SecretSet", new | {"new_code": code}, "/me?second_factor=set-up").status_code == 200
    assert bench[1].conduct.trial.people.by_account["ines"].has_second_factor
    fresh = client(bench[0])
    refused = fresh.post("/sign-in", data={"account": "ines", "password": "short one"}, follow_redirects=False)
    assert refused.status_code == 422


def test_a_name_is_sealed_and_shown_once_to_whoever_opens_it(bench):
    from escalon.casebook.identifiers import IdentifierStore
    from escalon.casebook.location import open_identifiers

    bench[0].identities = IdentifierStore(open_identifiers(bench[0].folder), bench[1].secrets.seal, "book")
    bench[1].consent("P-001")
    browser, at = client(bench[0], "ines"), "/participants/P-001/identity"
    post(browser, "IdentifierSealed", {"participant": "P-001", "name": "Lin Dan", "contact": "1980"}, at)
    assert "Lin Dan" not in browser.get(at).text
    shown = post(browser, "IdentityOpened", {"participant": "P-001"}, at)
    assert "Lin Dan" in shown.text
    assert "Lin Dan" not in browser.get(at).text
    assert bench[1].casebook.entry(bench[1].casebook.head.number).event.kind == "IdentityOpened"
    assert client(bench[0], "mona").get(at).status_code == 403
