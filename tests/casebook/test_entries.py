"""What is recorded comes back exactly, in order, as of any moment, and is never changed."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text
from tests.casebook.conftest import ANNA, START

from escalon.casebook.canonical import NOTHING_BEFORE, Plain, canonical, entry_hash, parse
from escalon.casebook.casebook import Casebook
from escalon.casebook.chain import Verification, verify
from escalon.casebook.clock import SetClock
from escalon.casebook.entry import Author, read_entry, write_entry
from escalon.casebook.errors import CasebookError, ClockJumped
from escalon.casebook.location import open_casebook
from escalon.casebook.writer import Writer
from escalon.facts import Day
from escalon.history.events import (
    KINDS,
    AmendmentAdopted,
    CellsInfused,
    EntryCorrected,
    Event,
    FactCorrected,
    FactRecorded,
    Observation,
    ParticipantConsented,
)


def alt(value: str | None = "31", participant: str = "P-001") -> FactRecorded:
    return FactRecorded(
        participant=participant, fact=Observation(name="alt", value=value, unit="U/L", day="2026-03-01")
    )


def test_the_written_form_is_fixed_for_good() -> None:
    """If this test fails, entries written by earlier versions would no longer verify."""
    event = CellsInfused(
        participant="P-001",
        at=datetime(2026, 3, 2, 9, tzinfo=UTC),
        product="B-7",
        level=1,
        cells_per_kg=Decimal("1.00E+5"),
    )
    entry = write_entry(event, ANNA, START, number=3, previous=NOTHING_BEFORE, study="trial 1", software="0.1.0")
    assert entry.body == (
        '{"at":"2026-03-02T09:00:00.000000Z","event":"CellsInfused","new":{"at":"2026-03-02T09:00:00.000000Z",'
        '"cells_per_kg":"100000","level":1,"product":"B-7"},"old":null,"origin":"test","participant":"P-001",'
        '"person":"anna","reason":null,"role":"investigator","site":"S1","software":"0.1.0","study":"trial 1",'
        '"what":"cells infused: level 1, 100,000 cells/kg"}'
    )
    assert entry.hash == "67f21af1ab9efa3f5c02eca8852b2303a2d8983d5918957c217d5047d69f94e5"  # by sha256sum


def test_an_entry_stores_who_in_which_role_where_when_what_old_new_why_and_the_versions(casebook: Casebook) -> None:
    first = casebook.append(ANNA, alt("31"))
    correction = FactCorrected(
        participant="P-001", reason="read 13 as 31", corrects=first.number, fact=Observation(name="alt", value="13")
    )
    written = parse(casebook.append(ANNA, correction).body)
    envelope = {"at", "event", "new", "old", "origin", "participant", "person", "reason", "role", "site"}
    assert written.keys() == envelope | {"software", "study", "what"}
    assert written["old"]["fact"]["value"] == "31"  # type: ignore[index,call-overload]
    assert written["new"]["fact"]["value"] == "13"  # type: ignore[index,call-overload]
    assert (written["person"], written["role"], written["site"]) == ("anna", "investigator", "S1")
    assert (written["reason"], written["study"]) == ("read 13 as 31", "trial 1")
    assert casebook.entry(first.number).event == alt("31"), "the earlier entry stays as it was"


def test_a_correction_must_be_about_the_same_participant(casebook: Casebook) -> None:
    first = casebook.append(ANNA, alt())
    with pytest.raises(CasebookError, match="about participant P-001, not P-002"):
        casebook.append(
            ANNA,
            FactCorrected(
                participant="P-002", reason="x", corrects=first.number, fact=Observation(name="alt", value="1")
            ),
        )


def test_a_past_moment_reads_as_it_did_then(casebook: Casebook, clock: SetClock) -> None:
    first = casebook.append(ANNA, alt("31"))
    clock.move(timedelta(hours=1))
    casebook.append(
        ANNA,
        FactCorrected(participant="P-001", reason="x", corrects=first.number, fact=Observation(name="alt", value="13")),
    )
    then = list(casebook.entries(participant="P-001", as_of=START))
    assert [entry.number for entry in then] == [first.number]
    assert len(list(casebook.entries(participant="P-001"))) == 2


def test_an_amendment_changes_the_version_later_entries_carry(casebook: Casebook) -> None:
    before = casebook.append(ANNA, alt())
    casebook.append(ANNA, AmendmentAdopted(study_version="2", digest="d" * 64, adopted_on=date(2026, 3, 2)))
    assert (before.study, casebook.append(ANNA, alt()).study) == ("trial 1", "trial 2")
    assert casebook.study == "trial 2"


def test_either_all_entries_of_an_act_are_kept_or_none(casebook: Casebook) -> None:
    before = casebook.head.number
    with pytest.raises(CasebookError, match="no entry 99"), casebook.writing() as writer:
        _record_then_fail(writer)
    assert casebook.head.number == before
    assert casebook.append(ANNA, alt()).number == before + 1


def _record_then_fail(writer: Writer) -> None:
    writer.append(ANNA, alt())
    writer.entry(99)


def test_inside_an_act_what_was_just_written_can_be_read(casebook: Casebook) -> None:
    with casebook.writing() as writer:
        entry = writer.append(ANNA, alt())
        assert writer.entry(entry.number).event == alt()


def test_a_clock_gone_backwards_stops_recording(casebook: Casebook, clock: SetClock) -> None:
    casebook.append(ANNA, alt())
    clock.move(timedelta(seconds=-3))
    assert casebook.append(ANNA, alt()).at == START, "a few seconds between two computers are no alarm"
    clock.move(timedelta(hours=-1))
    with pytest.raises(ClockJumped, match="Set the clock right; nothing was recorded"):
        casebook.append(ANNA, alt())


REFUSED = [
    "UPDATE entries SET hash = hash",
    "UPDATE entries SET body = '{}' WHERE number = 1",
    "DELETE FROM entries",
    "DELETE FROM entries WHERE number = (SELECT max(number) FROM entries)",
    "UPDATE checkpoints SET hash = hash",
    "DELETE FROM checkpoints",
    "DELETE FROM head",
    "UPDATE head SET number = number - 1",
    "INSERT INTO entries (number, previous, hash, body) SELECT number + 2, hash, hash, body FROM entries WHERE number=1",
    "INSERT INTO entries (number, previous, hash, body) SELECT 1, previous, hash, body FROM entries WHERE number = 1",
    "INSERT INTO entries (number, previous, hash, body)"
    " SELECT max(number) + 1, min(previous), min(hash), '{}' FROM entries",
]


@pytest.mark.parametrize("statement", REFUSED)
def test_the_database_itself_refuses_changes(casebook: Casebook, statement: str) -> None:
    for _ in range(100):  # far enough for a checkpoint
        casebook.append(ANNA, alt())
    before = [entry.hash for entry in casebook.entries()]
    with pytest.raises(Exception, match=r"casebook:|denied"), casebook.engine.begin() as connection:
        connection.execute(text(statement))
    assert [entry.hash for entry in casebook.entries()] == before


def test_sqlite_refuses_replacement_from_a_connection_without_our_settings(sqlite_casebook: Casebook) -> None:
    import sqlite3

    sqlite_casebook.append(ANNA, alt())
    raw = sqlite3.connect(str(sqlite_casebook.place) + "/casebook.sqlite")
    with pytest.raises(sqlite3.IntegrityError, match="an entry follows the last one"):
        raw.execute("INSERT OR REPLACE INTO entries (number, previous, hash, body) VALUES (1, '', '', '{}')")
    raw.close()


@pytest.mark.postgres
def test_on_postgresql_truncate_is_refused_to_the_owner_and_unthinkable_for_the_application(
    postgres: object, tmp_path: object
) -> None:
    from pathlib import Path

    import psycopg

    from escalon.casebook.location import create_casebook

    app, owner = postgres.casebook_database()  # type: ignore[attr-defined]
    create_casebook(Path(str(tmp_path)) / "b", study="t", study_version="1", database=app, owner=owner).close()
    for table in ("entries", "checkpoints", "head"):
        for address, why in ((app, "permission denied"), (owner, "TRUNCATE is refused")):
            with psycopg.connect(address) as connection, pytest.raises(psycopg.Error, match=why):
                connection.execute(f"TRUNCATE {table}")
    for statement in ("DROP TRIGGER entries_follow ON entries", "ALTER TABLE entries DISABLE TRIGGER ALL"):
        with psycopg.connect(app) as connection, pytest.raises(psycopg.Error, match="must be owner"):
            connection.execute(statement)


def test_text_that_no_program_could_show_is_refused(sqlite_casebook: Casebook) -> None:
    with pytest.raises(ValueError, match="null character"):
        sqlite_casebook.append(ANNA, alt("3\x001"))
    written_out = alt("3\\u00001")  # six ordinary characters that only look like one
    assert sqlite_casebook.entry(sqlite_casebook.append(ANNA, written_out).number).event == written_out


plain = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("abcXYZ_", min_size=1), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.text("abcXYZ_", min_size=1), plain, max_size=4))
def test_equal_content_has_equal_bytes_and_comes_back(content: dict[str, object]) -> None:
    shuffled = dict(reversed(content.items()))
    written = canonical(content)  # type: ignore[arg-type]
    assert canonical(shuffled) == written  # type: ignore[arg-type]
    assert parse(written) == content
    assert entry_hash(1, NOTHING_BEFORE, written) != entry_hash(2, NOTHING_BEFORE, written)


def test_floats_are_refused_in_both_directions() -> None:
    with pytest.raises(ValueError, match="write a decimal as a string"):
        parse('{"a":0.1}')
    with pytest.raises(TypeError, match="no exact written form"):
        write_entry(
            FactRecorded(participant="P", fact=Observation(name="x", value=0.1)),  # type: ignore[arg-type]
            ANNA,
            START,
            number=1,
            previous=NOTHING_BEFORE,
            study="t 1",
            software="0",
        )


def a_value_for(annotation: object) -> st.SearchStrategy[object]:
    return st.from_type(annotation)  # type: ignore[arg-type]


def events() -> st.SearchStrategy[Event]:
    """Any event of any kind, with any content its types allow."""
    return st.sampled_from(
        [kind for name, kind in sorted(KINDS.items()) if not name.startswith("Participant" + "Event")]
    ).flatmap(lambda kind: st.builds(_build, st.just(kind), st.data()))


def _build(kind: type[Event], data: st.DataObject) -> Event:
    import dataclasses
    from typing import get_type_hints

    # Told at each draw: what a type is drawn from is one thing for the whole process, and other tests draw oddly.
    st.register_type_strategy(str, st.text('abcÄ漢é"\\ \n/7', max_size=8))
    st.register_type_strategy(datetime, st.datetimes(timezones=st.just(UTC)))
    st.register_type_strategy(Decimal, st.decimals(min_value=1, max_value=10**9, places=3))
    st.register_type_strategy(Event, st.just(alt()))
    st.register_type_strategy(Day, st.dates(date(1900, 1, 1), date(2199, 12, 31)).map(Day.of))
    hints = get_type_hints(kind)
    while True:
        values = {field.name: data.draw(st.from_type(hints[field.name])) for field in dataclasses.fields(kind)}
        values |= (
            {"participant": "P-001", "reason": "because", "grade": 3}
            if "grade" in values
            else {
                "participant": "P-001",
                "reason": "because",
            }
        )
        for name in ("cohort", "level", "place", "size"):
            if name in values:
                values[name] = abs(int(values[name])) + 1
        closed = {"outcome": "fatal", "component_of": "", "seriousness": ("death",), "baseline_grade": 0}
        values |= {name: value for name, value in closed.items() if name in values}
        if kind.__name__ == "CellsInfused":
            values["on"] = None if values["at"] else Day(2026, 3, 2)
            values["unit"] = "mg" if values["amount"] else ""
            values["cells_per_kg"] = None if values["amount"] else values["cells_per_kg"]
        if "ongoing" in values:
            values |= {"start": Day(2026, 3), "end": None}
        if "viability" in values:
            values |= {"viability": Decimal("0.86"), "car_fraction": Decimal("0.41")}
        if "ended_on" in values:
            values["ended_on"] = max(values["started_on"], values["ended_on"])
        return kind(**values)


@given(events())
def test_every_kind_of_event_comes_back_as_it_was_recorded(event: Event) -> None:
    entry = write_entry(event, ANNA, START, number=1, previous=NOTHING_BEFORE, study="t 1", software="0")
    assert read_entry(1, NOTHING_BEFORE, entry.hash, entry.body) == entry


@given(events(), st.text(max_size=8), st.none() | st.just({"fact": {"name": "alt"}}))
def test_an_entry_is_written_in_the_one_canonical_form(event: Event, origin: str, old: dict[str, Plain] | None) -> None:
    author = Author("änna", "investigator", 'S"1', origin.replace("\0", ""))
    entry = write_entry(event, author, START, number=1, previous=NOTHING_BEFORE, study="t 1", software="0", old=old)
    assert canonical(parse(entry.body)) == entry.body


def test_a_correction_of_another_entry_carries_its_whole_content(casebook: Casebook) -> None:
    consent = ParticipantConsented(participant="P-001", site="S1", form="v1", signed_on=date(2026, 3, 1))
    first = casebook.append(ANNA, consent)
    now = ParticipantConsented(participant="P-001", site="S1", form="v2", signed_on=date(2026, 3, 1))
    corrected = casebook.append(
        ANNA, EntryCorrected(participant="P-001", reason="form v2 was used", corrects=first.number, now=now)
    )
    read_back = casebook.entry(corrected.number)
    assert read_back.event == corrected.event
    assert read_back.old is not None
    assert read_back.old["form"] == "v1"


def test_two_programs_taking_turns_make_one_chain(casebook: Casebook) -> None:
    """Each believes to know where the head is, and is wrong, whenever the other was there in between."""
    other = open_casebook(Path(casebook.place), clock=casebook.clock)
    turns = [casebook, casebook, casebook, other, other, other, casebook, other, casebook, casebook, other]
    numbers = [one.append(ANNA, alt()).number for one in turns * 10]
    other.close()
    assert numbers == list(range(numbers[0], numbers[0] + len(turns) * 10))
    assert verify(casebook) == Verification(numbers[-1], casebook.head.hash, 1, None, casebook.public_key)
