"""Infusion day in the browser: who sees what, re-entry, disagreement, agreement, and the dose on its strip."""

import re
from typing import Any

import pytest

from escalon.casebook.casebook import Casebook
from escalon.casebook.identifiers import IdentifierStore, Identity, create_table
from escalon.casebook.keys import Seal
from escalon.conduct.record.identities import keep_identity
from escalon.history.events import DoseChecked, DosePrepared
from tests.casebook.conftest import clock, sqlite_casebook
from tests.casebook.trial import CARLA, SECRET
from tests.web.bench import client, served

PREPARE = {
    "participant": "P1", "product": "B-P1", "expires-d": "1", "expires-m": "03", "expires-y": "2027", "weight_kg": "72",
    "million_per_ml": "2.5", "viability": "86", "car_fraction": "41", "bag_ml": "26",
}  # fmt: skip
CHECK = {
    "participant": "P1", "wristband": "P1", "born-d": "5", "born-m": "10", "born-y": "1982", "product": "B-P1", "expires-d": "1",
    "expires-m": "03", "expires-y": "2027", "volume_ml": "8.17", "password": SECRET,
}  # fmt: skip
__all__ = ["clock", "sqlite_casebook"]
HERE = "/participants/P1/infusion"


@pytest.fixture
def bench(sqlite_casebook: Casebook, tmp_path: Any) -> Any:
    from sqlalchemy import create_engine

    engine = create_engine(f"sqlite:///{tmp_path / 'identifiers.sqlite'}")
    create_table(engine, None)
    bench, trial = served(sqlite_casebook, identities=IdentifierStore(engine, Seal(b"i" * 32), "identifiers"))
    trial.open_cohort(1, 1)
    trial.prepare("P1", 1, 1)
    keep_identity(trial.conduct, bench.identities, CARLA, "P1", Identity("Wang Fang", "ward 3", "1982-10-05"))
    return bench


def said(browser: Any, act: str, **fields: str) -> Any:
    page = browser.get(HERE).text
    number = re.search(r'name="form-number" value="([^"]+)"', page)
    data = {"form-number": number[1] if number else "", "from": HERE, "then": HERE, **fields}
    return browser.post(f"/acts/{act}", data=data, follow_redirects=False)


def test_the_second_person_sees_neither_result_nor_product_and_the_twin_neither(bench: Any) -> None:
    carla, lena = client(bench, "carla"), client(bench, "lena")
    assert said(carla, "DosePrepared", **PREPARE).status_code == 303
    first = carla.get(HERE).text
    assert "8.17 mL" in first
    assert "7.2 million (7.2 × 10⁶)" in first  # a power in words first, no trailing zero
    for seen in (lena.get(HERE).text, lena.get(f"{HERE}.json").text):
        for secret in ("8.17", "B-P1 ", "1982", "Wang", "0.86", "86 %"):
            assert secret not in seen
    assert "hidden from you" in lena.get(HERE).text
    assert "8.17" not in lena.get(f"{HERE}/worksheet").text


def test_a_disagreement_is_recorded_and_blocks_and_an_agreement_opens(bench: Any) -> None:
    carla, lena, ines = (client(bench, name) for name in ("carla", "lena", "ines"))
    said(carla, "DosePrepared", **PREPARE)
    assert said(lena, "DoseChecked", **(CHECK | {"wristband": "P2", "volume_ml": "9.81"})).status_code == 303
    shown = lena.get(HERE).text
    assert "participant code: not the participant on this page" in shown
    assert "volume: your result differs from the first person&#39;s" in shown
    assert "8.17" not in shown
    assert "opens after the second person" in ines.get(HERE).text
    assert said(lena, "DoseChecked", **CHECK).status_code == 303
    shown = ines.get(HERE).text
    assert "both agree" in shown
    assert "8.17 mL" in shown
    given = {"participant": "P1", "loaded_ml": "8.5", "left_ml": "0.3"}
    now = bench.now()
    given |= {"at-d": str(now.day), "at-m": f"{now.month:02}", "at-y": str(now.year), "at-t": f"{now:%H:%M}"}
    earlier = {f"ended_at-{part}": given[f"at-{part}"] for part in "dmy"} | {"ended_at-t": "00:00"}
    for wrong, says in (
        ({"weight_kg": "71"}, "the dose is checked for 72 kg"),
        (earlier, "before it began"),
        (earlier | {"ended_at-t": ""}, "write the time of day as well"),
    ):
        assert says in said(ines, "infuse", **(given | wrong)).text
    given |= {"weight_kg": "72"} | {f"ended_at-{part}": given[f"at-{part}"] for part in "dmyt"}
    answer = said(ines, "infuse", **given)
    assert answer.status_code == 303, answer.text
    after = ines.get(HERE).text
    assert f"8.2 mL, for 72 kg; 0.3 mL left in bag and line; {now:%H:%M} to {now:%H:%M}" in after
    assert "100\u2009393 cells/kg in 8.2 mL" in after
    assert "inside the window" in after  # the strip says it to those who cannot see it
    both = [
        one.event for one in bench.conduct.casebook.entries(kinds=["DoseChecked"]) if isinstance(one.event, DoseChecked)
    ]
    assert [(one.agrees, str(one.first_ml), str(one.second_ml)) for one in both] == [
        (False, "8.17", "9.81"),
        (True, "8.17", "8.17"),
    ]


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("born-y", "1983", "date of birth: not the one kept"),
        ("product", "B-P9", "product number: not the one prepared"),
        ("expires-y", "2028", "expiry: not the one read before"),
    ],
)
def test_what_was_read_otherwise_is_named_without_the_answer(bench: Any, field: str, value: str, says: str) -> None:
    carla, lena = client(bench, "carla"), client(bench, "lena")
    said(carla, "DosePrepared", **PREPARE)
    said(lena, "DoseChecked", **(CHECK | {field: value}))
    shown = lena.get(HERE).text
    assert says in shown
    assert "1982" not in shown


def test_the_first_person_cannot_check_and_a_short_result_is_no_result(bench: Any) -> None:
    carla, lena = client(bench, "carla"), client(bench, "lena")
    said(carla, "DosePrepared", **PREPARE)
    assert "you prepared this dose; another person checks it" in carla.get(HERE).text
    assert said(carla, "DoseChecked", **CHECK).status_code == 422
    assert said(lena, "DoseChecked", **(CHECK | {"volume_ml": "8"})).status_code == 422
    assert said(lena, "DoseChecked", **(CHECK | {"password": "wrong"})).status_code == 422
    assert not list(bench.conduct.casebook.entries(kinds=["DoseChecked"]))


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("viability", "0.86", "in percent"),
        ("weight_kg", "0", "more than 0"),
        ("weight_kg", "7.2", "weight"),
        ("million_per_ml", "2,5", "is not a number"),
        ("product", "", "write something"),
    ],
)
def test_what_cannot_be_calculated_is_refused_with_the_field(bench: Any, field: str, value: str, says: str) -> None:
    carla = client(bench, "carla")
    answer = said(carla, "DosePrepared", **(PREPARE | {field: value}))
    assert answer.status_code == 422
    assert says in answer.text
    assert not [
        one for one in bench.conduct.casebook.entries(kinds=["DosePrepared"]) if isinstance(one.event, DosePrepared)
    ]


def test_the_page_asks_no_native_date_and_chooses_nothing_beforehand(bench: Any) -> None:
    page = client(bench, "carla").get(HERE).text
    assert not re.search(r'type="(date|time|datetime-local)"', page)
    assert '<option value="">choose</option>' in page
    assert " selected" not in page


def test_a_broken_rule_stands_with_its_reason_and_what_an_override_needs(bench: Any) -> None:
    for name in ("ines", "lena", "mona"):  # the same for who may infuse, who checks and who only reads
        page = client(bench, name).get(HERE).text
        assert "rules hold" in page
        assert "was not checked" not in page
    said(client(bench, "carla"), "DosePrepared", **PREPARE)
    for name in ("ines", "lena", "mona"):
        page = client(bench, name).get(HERE).text
        assert "was not checked by a second person" in page
        assert "rules not met" in page
        assert "An override needs 2 signatures." in page


def test_the_blank_sheet_has_no_number_on_it(bench: Any) -> None:
    carla = client(bench, "carla")
    said(carla, "DosePrepared", **PREPARE)
    blank = carla.get(f"{HERE}/worksheet", params={"blank": "true"}).text
    assert "8.17" not in blank
    assert "2nd person" in blank
    assert "8.17 mL" in carla.get(f"{HERE}/worksheet").text
