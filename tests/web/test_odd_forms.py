"""Forms filled in as odd instruments and hurried people fill them: refused at the field in a page's words, nothing half done."""

from __future__ import annotations

import html
import re
from dataclasses import replace
from datetime import timedelta

import pytest

from tests.web.bench import client, with_one_infused

pytest.importorskip("httpx2")

ODD = (
    "²", "9" * 30, "-1", "1,5", "1.234,5", "NaN", "inf", "__proto__", "<b>x</b>", "a\nb", "\x00", "\u202eabc", "𝔘", "x" * 5000,
    "2026-02-30", "1 Jan 2026", "maybe", "31 kg", "38,5",
)  # fmt: skip
PYTHON = re.compile(
    r"invalid literal|has no attribute|NoneType|Traceback|&lt;class|InvalidOperation|isoformat|__init__"
)


@pytest.fixture(scope="module")
def bench(tmp_path_factory):
    return with_one_infused(tmp_path_factory.mktemp("odd"))[0]


@pytest.fixture(scope="module")
def browsers(bench):
    return {name: client(bench, name) for name in ("ines", "carla", "mona")}


def on(stem: str, day) -> dict[str, str]:
    return {f"{stem}-d": str(day.day), f"{stem}-m": f"{day.month:02}", f"{stem}-y": str(day.year)}


def filled(bench) -> dict[str, tuple[str, dict[str, str]]]:
    """Forms filled in rightly, by act: who sends them, and what they say of P1."""
    day = bench.now().date() - timedelta(1)
    about = next(str(one.number) for one in bench.opened.casebook.entries(participant="P1"))
    crs = {"temp_c": "38.5", "hypotension": "no", "vasopressors": "0", "oxygen": "none", "crs_active": "yes"}
    return {
        "AdverseEventRecorded": ("ines", {"term": "Fever", "grade": "2", "ongoing": "yes", **on("start", day)}),
        "TreatmentGiven": ("carla", {"treatment": "tocilizumab", "dose": "400", "unit": "mg", **on("start", day)}),
        "FactRecorded": ("carla", {"fact.name": "esr", "fact.value": "31", "fact.unit": "mm/h", **on("fact.day", day)}),
        "observe": ("ines", {"syndrome": "CRS", **{f"CRS.{name}": said for name, said in crs.items()}}),
        "adjudicate": ("ines", {"is_dlt": "no", "because": "not related"}),
        "OverrideGiven": ("ines", {"act": "ApheresisDone", "rules": "eligibility", "content.collection": "A", "reason": "x"}),
        "QueryRaised": ("mona", {"text": "which?", "about": about}),
    }  # fmt: skip


def send(bench, browsers, act: str, /, **other: str):
    from escalon.web.forms import form_number

    name, form = filled(bench)[act]
    browser = browsers[name]
    number = form_number(bench.opened, browser.cookies["escalon"])
    said = {"participant": "P1", "form-number": number, "from": "/me", **form, **other}
    return browser.post(f"/acts/{act}", data=said, follow_redirects=False)


ONE_WORD = (
    "ongoing",
    "is_dlt",
    "syndrome",
    "about",
    "grade",
    "dose",
    "act",
    "rules",
    "fact.name",
    "fact.value",
    "fact.unit",
)


@pytest.mark.parametrize("act", ["AdverseEventRecorded", "TreatmentGiven", "FactRecorded", "observe", "adjudicate",
                                 "OverrideGiven", "QueryRaised"])  # fmt: skip
def test_what_cannot_be_read_is_refused_where_it_stands_in_words_and_nothing_is_recorded(bench, browsers, act):
    name, form = filled(bench)[act]
    for field in form:
        picky = field in ONE_WORD or field[-2:] in ("-d", "-m", "-y") or field.startswith("CRS.")
        in_parts = field[-2:] in ("-d", "-m", "-y")
        for odd in ODD[:: 4 if in_parts else 1] if picky else ("\x00",):
            if (field, odd) in {("dose", "9" * 30)}:
                continue  # a large number of mg is a number of mg
            before = bench.opened.casebook.head.number
            answer = send(bench, browsers, act, **{field: odd})
            said = html.unescape(answer.text)
            assert answer.status_code in (404, 422), (field, odd, answer.status_code)
            assert bench.opened.casebook.head.number == before, (field, odd)
            assert not PYTHON.search(answer.text), (field, odd)
            told = said[said.index("Nothing was recorded") :] if "Nothing was recorded" in said else said
            problems = told[: told.index("</ul>")] if "</ul>" in told else told
            assert not re.search(r"\w='|`escalon|FIELD=VALUE", problems), (field, odd, problems[:300])
    assert send(bench, browsers, act).status_code == 303, name


@pytest.mark.parametrize(
    ("act", "field", "said", "asked"),
    [
        ("TreatmentGiven", "dose", "-1", "a dose is above 0"),
        ("TreatmentGiven", "dose", "0", "a dose is above 0"),
        ("TreatmentGiven", "unit", "", "has no unit"),
        ("TreatmentGiven", "treatment", "tocilizumob", "tocilizumab"),
        ("AdverseEventRecorded", "grade", "0", "grade 0 does not exist"),
        ("AdverseEventRecorded", "grade", "6", "grade 6 does not exist"),
        ("AdverseEventRecorded", "start-y", "2062", "is in the future"),
        ("AdverseEventRecorded", "start-d", "31st", "is not a date"),
        ("FactRecorded", "fact.unit", "kg", "Accepted: mm/h"),
        ("FactRecorded", "fact.value", "3100", "Accepted: number 0–300"),
        ("FactRecorded", "fact.day-y", "2062", "is in the future"),
        ("observe", "CRS.vasopressors", "-1", "0–9"),
        ("observe", "CRS.vasopressors", "<5", "not settled"),
        ("observe", "CRS.temp_c", "385", "25–45"),
        ("OverrideGiven", "act", "Infuse", "Infuse is not an act"),
        ("OverrideGiven", "rules", "everything", "cannot be overridden"),
        ("adjudicate", "is_dlt", "perhaps", "yes or no"),
        ("adjudicate", "because", "\u200b \u2060", "write something here"),
        ("QueryRaised", "text", "\ufeff\u00ad\u3164", "write something here"),
        ("AdverseEventRecorded", "start-y", "1899", "from 1900 to 2199"),
    ],
)  # fmt: skip
def test_a_page_refuses_what_a_folder_and_the_command_line_refuse(bench, browsers, act, field, said, asked):
    answer = send(bench, browsers, act, **{field: said, **({"CRS.hypotension": "yes"} if act == "observe" else {})})
    assert answer.status_code == 422
    assert asked in html.unescape(answer.text)


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        ("QueryRaised", {"text": "\u200b"}),
        ("QueryRaised", {"text": ""}),
        ("DltProposed", {"rests_on": "12"}),
        ("ParticipantScreened", {"verdict": "eligible", "answer": "yes"}),
        ("OverrideGiven", {"act": "CellsInfused", "rules": "dose", "reason": "x"}),
        ("FactRecorded", {"fact": "esr"}),
        ("FactRecorded", {"fact": {"__proto__": 1}}),
        ("FactRecorded", {"fact": [1]}),
        ("EntryCorrected", {"corrects": 30, "now": "x", "reason": "x"}),
        ("EntryCorrected", {"corrects": 30, "now": {"event": "Nothing"}, "reason": "x"}),
        ("TreatmentGiven", {"treatment": "tocilizumab", "start": "2026-03-01", "dose": "NaN", "unit": "mg"}),
        ("AdverseEventRecorded", {"term": "Fever", "grade": "2", "start": "2026-03-01"}),
        ("AdverseEventRecorded", {"term": "Fever", "grade": True, "start": "2026-03-01"}),
        ("AdverseEventRecorded", {"term": ["Fever"], "grade": 2, "start": "2026-03-01"}),
    ],
)
def test_content_of_another_shape_is_refused_in_words(bench, browsers, kind, content):
    before = bench.opened.casebook.head.number
    answer = browsers["ines"].post(f"/acts/{kind}", json={"content": {"participant": "P1", **content}})
    assert answer.status_code in (403, 422), answer.text
    assert not re.search(r"has no attribute|indices must be|InvalidOperation|__init__|NoneType", answer.text), (
        answer.text
    )
    assert bench.opened.casebook.head.number == before


def test_a_round_and_the_event_it_begins_are_recorded_together_or_not_at_all(bench, browsers, monkeypatch):
    from escalon.web.pages import safety

    before = bench.opened.casebook.head.number
    line = safety._line_of
    wrong = {"start": safety.Day.of(bench.now().date() + timedelta(900))}
    monkeypatch.setattr(safety, "_line_of", lambda *said: replace(line(*said), **wrong))
    answer = send(bench, browsers, "observe", **{"CRS.hypotension": "yes", "CRS.vasopressors": "3", "CRS.temp_c": "40"})
    assert answer.status_code == 422
    assert bench.opened.casebook.head.number == before
