"""Facts, their correction, queries about them, and the locking of visits."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from datetime import date, tzinfo
from functools import lru_cache
from typing import ClassVar

from escalon.facts import Day
from escalon.facts.number import narrow
from escalon.facts.words import NOT_KNOWN, not_known
from escalon.history.events.answer import AnswerPart
from escalon.history.events.event import Event, ParticipantEvent


@dataclass(frozen=True, kw_only=True, slots=True)
class Observation:
    """An observation as it was entered. Text keeps every digit.

    Its `state` is one of five: known, not known (also `value` None), not done, not applicable, or known to lie below or
    above a limit (`<5`). Nothing entered is no observation at all.
    """

    name: str
    value: str | None
    unit: str | None = None
    day: str | None = None
    until: str | None = None
    ongoing: bool = False
    lower: str | None = None
    upper: str | None = None
    visit: str | None = None
    source: str = ""
    confirmed: bool = False
    """A person confirmed a value that was asked about."""
    confirmed_by: str = ""
    confirmed_why: str = ""
    why: str = ""
    """Why there is no value: haemolysed, refused, asleep."""
    attested: bool = False
    """It was said of all that were left unmarked, by one statement of the person who recorded it."""
    typed: str = ""
    """When it was first typed, where it was kept as a draft before it was recorded."""

    @property
    def state(self) -> str:
        """`known`, `not known`, `not done`, `not applicable`, `below a limit` or `above a limit`."""
        text = (self.value or "").strip()
        if not text:
            return NOT_KNOWN
        limits = {"<": "below a limit", "≤": "below a limit", ">": "above a limit", "≥": "above a limit"}
        return not_known(text) or limits.get(narrow(text)[0], "known")

    def __str__(self) -> str:
        on = f" on {self.day}" if self.day else ""
        at = f" at {self.visit}" if self.visit else ""
        return f"{self.name}{on}{at}"


@dataclass(frozen=True, kw_only=True)
class FactRecorded(ParticipantEvent):
    """Something was observed about the participant, on a day, with a unit and a source."""

    fact: Observation
    says: ClassVar[str] = "{fact}"

    def happened(self, zone: tzinfo) -> Day | None:
        """The day of the observation."""
        return _read(self.fact.day)

    def known_by(self, last: date, zone: tzinfo) -> Event | None:
        """An end that lies later is not yet known."""
        begun = super().known_by(last, zone)
        until = _read(self.fact.until)
        ends_later = begun is not None and until is not None and until.earliest > last
        return replace(self, fact=replace(self.fact, until=None, ongoing=True)) if ends_later else begun


@dataclass(frozen=True, kw_only=True)
class SampleMeasured(ParticipantEvent):
    """Cells or proteins in blood were measured, or a sample was taken for it: a row of `samples`, as it was written."""

    analyte: str = ""
    date: str | None = None
    day: str | None = None
    value: str | None = None
    unit: str = ""
    lloq: str | None = None
    lod: str | None = None
    uloq: str | None = None
    visit: str | None = None
    group: str | None = None
    nominal_day: str | None = None
    collected: str | None = None
    infusion_end: str | None = None
    qpcr_sample: str | None = None
    ng_input: str | None = None
    elution_ul: str | None = None
    template_ul: str | None = None
    blood_ul: str | None = None
    recovery: str | None = None
    doubts: str | None = None
    source: str = ""

    @property
    def what(self) -> str:
        """The sample in a line."""
        when = self.date or self.collected or f"day {self.day or self.nominal_day}"
        return f"sample: {self.analyte} {self.value or 'not done'} {self.unit}, {when}"

    @property
    def cells(self) -> dict[str, str]:
        """What was written, by column of `samples`."""
        own = (one.name for one in fields(self) if one.name not in ("participant", "reason", "override"))
        return {name: text for name in own if (text := getattr(self, name))}

    def happened(self, zone: tzinfo) -> Day | None:
        """The day of the sample, where it was written as one."""
        return _read(self.date or self.collected)


@dataclass(frozen=True, kw_only=True)
class NothingToReport(Event):
    """A person attests that there was nothing of this table up to now: a folder's table with its header only."""

    table: str
    says: ClassVar[str] = "nothing to report: {table}"


@dataclass(frozen=True, kw_only=True)
class MarkedSynthetic(Event):
    """The people of this record are invented; the mark travels into everything made from it."""

    own_command: ClassVar[str] = "escalon casebook import"


@dataclass(frozen=True, kw_only=True)
class FactCorrected(ParticipantEvent):
    """A recorded fact was wrong; the earlier entry stays and this one supersedes it."""

    corrects: int
    fact: Observation
    lifts: tuple[AnswerPart, ...] = ()
    """The holds that would be gone: the software writes them, and until `needs` people signed, the stricter reading governs."""
    needs: int = 0
    needs_reason: ClassVar[bool] = True
    says: ClassVar[str] = "{fact} (corrects entry {corrects})"
    replaces: ClassVar[str] = "corrects"

    def happened(self, zone: tzinfo) -> Day | None:
        """The day of the observation."""
        return _read(self.fact.day)


@dataclass(frozen=True, kw_only=True)
class EntryCorrected(Event):
    """An entry other than a fact was wrong; `now` is its content as it should have been."""

    corrects: int
    now: Event
    lifts: tuple[AnswerPart, ...] = ()
    """The holds that would be gone: the software writes them, and until `needs` people signed, the stricter reading governs."""
    needs: int = 0
    needs_reason: ClassVar[bool] = True
    says: ClassVar[str] = "{now.what} (corrects entry {corrects})"
    replaces: ClassVar[str] = "corrects"


@dataclass(frozen=True, kw_only=True)
class EntryAnnulled(Event):
    """An entry should never have been made (wrong participant, entered twice); it stays readable and counts no more."""

    annuls: int
    lifts: tuple[AnswerPart, ...] = ()
    """The holds that would be gone: the software writes them, and until `needs` people signed, the stricter reading governs."""
    needs: int = 0
    needs_reason: ClassVar[bool] = True
    says: ClassVar[str] = "entry {annuls} annulled"
    replaces: ClassVar[str] = "annuls"


@dataclass(frozen=True, kw_only=True)
class QueryRaised(Event):
    """A question about an entry, or about something missing, was put to the site."""

    text: str
    about: int | None = None


@dataclass(frozen=True, kw_only=True)
class QueryAnswered(Event):
    """The site answered a query."""

    query: int
    text: str


@dataclass(frozen=True, kw_only=True)
class QueryClosed(Event):
    """The one who asked, or another monitor, accepted the answer."""

    query: int


@dataclass(frozen=True, kw_only=True)
class VisitLocked(ParticipantEvent):
    """The visit's facts are final; changing one needs the visit unlocked with a reason."""

    visit: str


@dataclass(frozen=True, kw_only=True)
class VisitUnlocked(ParticipantEvent):
    """A locked visit was opened again."""

    visit: str
    needs_reason: ClassVar[bool] = True


@lru_cache(maxsize=16384)
def _read(text: str | None) -> Day | None:
    """A day as it was written, once the door has let it in."""
    return Day.parse(text) if text else None
