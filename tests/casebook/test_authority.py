"""Role × action × site: every cell of the table clinicians sign, and every way in."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.casebook.conftest import START
from tests.casebook.trial import ADA, CARLA, INES, LENA, PLAN, Trial

from escalon.casebook.casebook import Casebook
from escalon.conduct.permit.authority import ALLOWED, BY_SOFTWARE, authorise, may
from escalon.conduct.permit.refusal import Refused
from escalon.conduct.record.recording import Conduct
from escalon.history.entry import Author
from escalon.history.events import (
    EVERY_SITE,
    KINDS,
    AccountOpened,
    EntryAnnulled,
    Event,
    FactRecorded,
    NothingToReport,
    Observation,
    ParticipantEvent,
    Role,
    RoleGranted,
    Signed,
)
from escalon.history.people import Person

SPEC = Path(__file__).parents[2] / "spec" / "conduct" / "authority.md"


def rows() -> list[tuple[str, Role, bool]]:
    lines = [line.strip("|\n ").split("|") for line in SPEC.read_text().splitlines() if line.startswith("|")]
    header, _, *body = [[cell.strip() for cell in line] for line in lines]
    return [
        (act, Role(role), cell == "own") for act, *cells in body for role, cell in zip(header[1:], cells, strict=True)
    ]


def test_the_table_is_complete() -> None:
    acts = {act for act, _, _ in rows()}
    abstract = {"ParticipantEvent", "Signed"}
    assert {kind for kind in KINDS if kind not in abstract} - BY_SOFTWARE <= acts
    assert acts == set(ALLOWED)
    assert len(rows()) == len(acts) * len(Role)


@pytest.mark.parametrize(("act", "role", "allowed"), rows())
def test_a_role_may_act_exactly_where_the_table_says(act: str, role: Role, allowed: bool) -> None:
    assert may(role, act, "S1", "S1") is allowed
    assert may(role, act, EVERY_SITE, "S1") is allowed
    assert may(role, act, "S1", None) is allowed, "an act on the whole trial needs the role at any site"
    assert may(role, act, "S1", "S2") is False, "another site is never one's own"


@pytest.mark.parametrize("role", list(Role))
def test_nobody_records_what_only_the_software_records(role: Role) -> None:
    assert not any(may(role, act, EVERY_SITE, None) for act in BY_SOFTWARE)


@pytest.mark.parametrize(("granted", "claimed"), list(itertools.permutations(Role, 2)))
def test_claiming_another_role_gains_nothing(granted: Role, claimed: Role) -> None:
    person = Person("x", "X", frozenset({(granted, "S1")}))
    with pytest.raises(Refused, match=f"x is not {claimed}"):
        authorise(person, Author("x", claimed, "S1", "test"), "verify", None)


def test_claiming_another_site_gains_nothing() -> None:
    person = Person("x", "X", frozenset({(Role.INVESTIGATOR, "S1")}))
    for site in ("S2", EVERY_SITE):
        with pytest.raises(Refused, match="x is not investigator at"):
            authorise(person, Author("x", "investigator", site, "test"), "read record", "S1")


FACT = 2 + 2 * 3 * len(Role) + 2
"""The number of the fact that `crowd` records, which the sample correction corrects."""


@pytest.fixture(scope="module")
def crowd(tmp_path_factory: pytest.TempPathFactory) -> Conduct:
    """Someone in every role at S1, at S2 and everywhere; one participant at S1."""
    from datetime import date

    from escalon.casebook.clock import SetClock
    from escalon.casebook.location import create_casebook
    from escalon.history.events import ParticipantConsented

    folder = tmp_path_factory.mktemp("crowd") / "book"
    book = create_casebook(folder, study="trial", study_version="1", clock=SetClock(START))
    software = Author("escalon", "software", "", "test")
    for role, site in itertools.product(Role, ("S1", "S2", EVERY_SITE)):
        account = f"{role}.{site}".replace(" ", "_")
        book.append(software, AccountOpened(account=account, printed_name=account))
        book.append(software, RoleGranted(account=account, held=role, at_site=site))
    book.append(software, ParticipantConsented(participant="P-1", site="S1", form="v1", signed_on=date(2026, 3, 1)))
    fact = book.append(software, FactRecorded(participant="P-1", fact=Observation(name="alt", value="31")))
    assert fact.number == FACT
    return Conduct(book, PLAN)


def recordable() -> list[type[Event]]:
    """Every kind that is not a signature; corrections also depend on what they correct and have a test of their own."""
    by_their_own_row = [
        name for name in sorted(ALLOWED) if name in KINDS and name not in ("EntryCorrected", "EntryAnnulled")
    ]
    return [KINDS[name] for name in by_their_own_row if not issubclass(KINDS[name], Signed)]


@pytest.mark.parametrize("kind", recordable(), ids=lambda kind: kind.__name__)
def test_recording_itself_obeys_the_table(crowd: Conduct, kind: type[Event]) -> None:
    expected = {(act, role): allowed for act, role, allowed in rows()}
    event = sample(kind)
    for role, site in itertools.product(Role, ("S1", "S2", EVERY_SITE)):
        account = f"{role}.{site}".replace(" ", "_")
        everywhere = (
            event.participant is None and kind is not NothingToReport
        )  # that speaks of every site with somebody
        reach = everywhere or site in ("S1", EVERY_SITE)
        refused = {one.rule for one in crowd.what_forbids(Author(account, role, site, "test"), event)}
        may_act = expected[kind.__name__, role] and reach
        assert ("authority" in refused) is not may_act, (role, site)


def sample(kind: type[Event]) -> Event:
    """A plausible event of a kind, about participant P-1 where it is about one."""
    import dataclasses
    from datetime import date
    from decimal import Decimal
    from typing import get_type_hints

    simple = {str: "S1", int: FACT, bool: True, Decimal: Decimal(1), date: date(2026, 3, 1)}
    simple[datetime] = datetime(2026, 3, 1, tzinfo=UTC)
    fact = FactRecorded(participant="P-1", fact=Observation(name="alt", value="31"))
    hints = get_type_hints(kind)
    values = {}
    for field in dataclasses.fields(kind):
        if field.default is dataclasses.MISSING:
            hint = hints[field.name]
            values[field.name] = simple.get(hint) or {Observation: fact.fact, Event: fact}.get(hint)
            if values[field.name] is None:
                values[field.name] = (
                    ("slot",) if "tuple" in str(hint) else None if "None" in str(hint) else next(iter(hint))
                )
    about = issubclass(kind, ParticipantEvent) or kind.about_participant
    if kind.__name__ == "CellsInfused":
        values["at"] = simple[datetime]
    if "grade" in values:
        values["grade"] = 3
    return kind(participant="P-1" if about else None, reason="because", **values)


@pytest.mark.parametrize("role", list(Role))
def test_the_right_to_correct_an_entry_is_the_right_to_correct_and_to_record_it(crowd: Conduct, role: Role) -> None:
    expected = {(act, role): allowed for act, role, allowed in rows()}
    author = Author(f"{role}.S1".replace(" ", "_"), role, "S1", "test")
    annulled = EntryAnnulled(participant="P-1", annuls=FACT, reason="entered twice")
    refused = {one.rule for one in crowd.what_forbids(author, annulled)}
    both = expected["EntryAnnulled", role] and expected["FactRecorded", role]
    assert ("authority" in refused) is not both


def test_correcting_needs_the_right_to_record_what_is_corrected(sqlite_casebook: Casebook) -> None:
    trial = Trial(sqlite_casebook)
    trial.enter("P-1")
    trial.apheresis("P-1")
    released = trial.release("P-1", 1)
    annulled = EntryAnnulled(participant="P-1", annuls=released.number, reason="wrong bag")
    with pytest.raises(Refused, match="this is for cell lab"):
        trial.record(CARLA, annulled)
    trial.record(LENA, annulled)


def test_a_withdrawn_role_ends_at_once(sqlite_casebook: Casebook) -> None:
    from escalon.conduct.record import accounts

    trial = Trial(sqlite_casebook)
    trial.consent("P-1")
    accounts.withdraw(trial.conduct, ADA, "carla", Role.COORDINATOR, "S1", "left the site")
    with pytest.raises(Refused, match="carla is not coordinator"):
        trial.screen("P-1")
    accounts.revoke(trial.conduct, ADA, "ines", "left the hospital")
    with pytest.raises(Refused, match="no account that may be used"):
        trial.record(INES, FactRecorded(participant="P-1", fact=Observation(name="alt", value="31")))
