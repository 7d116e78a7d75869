"""Whoever holds the casebook's key writes an entry in another form: with a field twice, in other signs, with room between.

A database, this program and another may read such a text in two ways, so that a signature, a judgement or a person's code
would be seen by one and not by the other. It is named whatever the kind of entry, by both verifiers.
"""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.casebook.test_attacks import change, opened, original

from escalon.casebook.canonical import NOTHING_BEFORE, canonical, entry_hash, is_canonical, parse
from escalon.casebook.chain import verify
from escalon.casebook.checkpoints import is_due_by_text, sign_checkpoint, sign_head
from escalon.casebook.keys import Signer, load_signer
from escalon.casebook.verify_alone import verify as verify_alone
from escalon.history.events import Observation

__all__ = ["original"]

Form = Callable[[str], str]
TWO_WAYS = "more than one way"


def twice(name: str, value: str, *, first: bool) -> Form:
    """A field that stands twice, another value before the true one or after it."""

    def form(body: str) -> str:
        here = f'"{name}":'
        at = body.index(here)
        return body[:at] + here + value + "," + body[at:] if first else body[:-1] + f",{here}{value}" + "}"

    return form


def instead(old: str, new: str) -> Form:
    return lambda body: body.replace(old, new, 1)


def in_escapes(name: str) -> Form:
    return instead(f'"{name}":', f'"\\u{ord(name[0]):04x}{name[1:]}":')


def with_room(body: str) -> str:
    return json.dumps(json.loads(body), ensure_ascii=False, sort_keys=True)


def turned_round(body: str) -> str:
    read = json.loads(body)
    return json.dumps(dict(reversed(read.items())), ensure_ascii=False, separators=(",", ":"))


FORMS: dict[str, Form] = {
    "another kind before": twice("event", '"FactRecorded"', first=True),
    "another kind after": twice("event", '"QueryRaised"', first=False),
    "another person before": twice("participant", '"P-9"', first=True),
    "another person after": twice("participant", '"P-9"', first=False),
    "another time before": twice("at", '"2020-01-01T00:00:00.000000Z"', first=True),
    "another time after": twice("at", '"2020-01-01T00:00:00.000000Z"', first=False),
    "another author before": twice("person", '"ada"', first=True),
    "another author after": twice("person", '"ada"', first=False),
    "another role after": twice("role", '"software"', first=False),
    "other content before": twice("new", "{}", first=True),
    "the same reason twice": lambda body: body[:-1] + ',"reason":null}',
    "the kind in other signs": in_escapes("event"),
    "the person in other signs": in_escapes("participant"),
    "the content in other signs": in_escapes("new"),
    "the time in other signs": in_escapes("at"),
    "the author in other signs": in_escapes("person"),
    "a value in other signs": instead('"study":"t', '"study":"\\u0074'),
    "a value with a needless escape": instead('"study":"', '"study":"\\/'),
    "room before": lambda body: " " + body,
    "room after": lambda body: body + " ",
    "a line after": lambda body: body + "\n",
    "room within": with_room,
    "room after a colon": instead('"event":', '"event": '),
    "room before a colon": instead('"event":', '"event" :'),
    "fields in another order": turned_round,
    "one more field": lambda body: body[:-1] + ',"zone":"UTC"} ',
}
KINDS = ("FactRecorded", "EntrySigned", "DltAdjudicated", "SecretSet")


def said_again(raw: sqlite3.Connection, own: Signer, number: int, form: Form) -> None:
    """Everything from an entry on is chained and signed anew, by somebody who holds the key; that entry in another form."""
    rows = raw.execute("SELECT number, body FROM entries ORDER BY number").fetchall()
    at = raw.execute("SELECT at FROM head").fetchone()[0]
    before = NOTHING_BEFORE
    raw.execute("DELETE FROM checkpoints")
    for place, body in rows:
        said = form(body) if place == number else body
        assert (said == body) is (place != number)
        hashed = entry_hash(place, before, said)
        raw.execute(
            "UPDATE entries SET previous = ?, hash = ?, body = ? WHERE number = ?", (before, hashed, said, place)
        )
        if is_due_by_text(place, said):
            kept = sign_checkpoint(own, place, hashed, at)
            row = (place, kept.hash, kept.at, kept.key, kept.signature)
            raw.execute("INSERT INTO checkpoints VALUES (?, ?, ?, ?, ?)", row)
        before = hashed
    head = sign_head(own, len(rows), before, at)
    raw.execute("UPDATE head SET hash = ?, signature = ?", (head.hash, head.signature))


@pytest.fixture(autouse=True)
def another_computer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "another computer"))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("form", FORMS)
def test_an_entry_in_another_form_is_named(original: Path, tmp_path: Path, kind: str, form: str) -> None:
    book = Path(shutil.copytree(original, tmp_path / "book"))
    own = load_signer(book / "keys")
    assert own is not None
    with sqlite3.connect(book / "casebook.sqlite") as raw:
        [number] = raw.execute("SELECT max(number) FROM entries WHERE kind = ?", (kind,)).fetchone()
    change(book, lambda raw: said_again(raw, own, number, FORMS[form]))
    casebook = opened(book)
    found = verify(casebook)
    casebook.close()
    assert found.problem is not None, "found nothing"
    alone, _ = verify_alone(book / "casebook.sqlite", {})
    assert alone is not None, "found nothing"
    assert found.problem.number == number or TWO_WAYS not in found.problem.says


BODY = canonical(
    {
        "at": "2026-03-02T09:00:00.000000Z",
        "event": "FactRecorded",
        "new": {"fact": {"name": "alt", "ongoing": True, "value": "31"}},
        "old": None,
        "origin": "cli",
        "participant": "P-1",
        "person": "carla",
        "reason": None,
        "role": "coordinator",
        "site": "S1",
        "software": "1",
        "study": "s 1",
        "what": "alt: 31 µ \u2028",
    }
)

NAMES = sorted(one.name for one in fields(Observation))


@given(st.lists(st.sampled_from([*NAMES, "nome", ""]), max_size=6), st.sampled_from(["", ","]), st.data())
def test_a_fact_at_a_glance_is_in_its_form_exactly_where_reading_and_writing_gives_it_back(names, left_over, data):
    """Fields in and out of order, twice, unknown, with a comma too many: the quick look and the slow one agree."""
    values = [data.draw(st.sampled_from(['"31"', "true", "null", "31", '"a,b"', '"a\\nb"'])) for _ in names]
    told = ",".join(f'"{name}":{value}' for name, value in zip(names, values, strict=True)) + left_over
    body = BODY.replace('"name":"alt","ongoing":true,"value":"31"', told)
    try:
        read_and_written = canonical(parse(body)) == body
    except ValueError:
        read_and_written = False
    assert is_canonical(body) is read_and_written
    assert is_canonical(BODY)


def test_the_written_form_is_told_at_a_glance_as_by_reading() -> None:
    """What the quick look at a fact lets through is what reading it and writing it again gives."""
    assert is_canonical(BODY)
    assert parse(BODY)["what"] == "alt: 31 µ \u2028"
    for form in FORMS.values():
        said = form(BODY)
        assert said == BODY or not is_canonical(said), said
    for twice in ('"value":"13","value":"31"', '"value":"31","unit":"U/L"'):
        assert not is_canonical(BODY.replace('"value":"31"', twice)), twice
    for wrong in ("{}x", "[]", "", "1", '{"a":1.0}', '{"a":NaN}', "[" * 100_000, '{"a":"\t"}', '{"a":-0}'):
        assert not is_canonical(wrong), wrong
