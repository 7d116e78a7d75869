"""From consent to the end of a participant's part in the trial."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import ClassVar

from escalon.history.events.answer import Answer
from escalon.history.events.event import ParticipantEvent
from escalon.history.events.signature import Signed


class Verdict(StrEnum):
    """Whether a participant may enter; unknown never counts as eligible."""

    ELIGIBLE = "eligible"
    NOT_ELIGIBLE = "not eligible"
    UNKNOWN = "unknown"


@dataclass(frozen=True, kw_only=True)
class ParticipantConsented(ParticipantEvent):
    """The participant signed the consent form of this version on this day, at this site."""

    site: str
    form: str
    signed_on: date
    dated: ClassVar[str] = "signed_on"


@dataclass(frozen=True, kw_only=True)
class ConsentWithdrawn(ParticipantEvent):
    """The participant withdrew consent; what was recorded before stays."""

    on: date
    needs_reason: ClassVar[bool] = True
    dated: ClassVar[str] = "on"


@dataclass(frozen=True, kw_only=True)
class ParticipantScreened(ParticipantEvent):
    """Eligibility was examined. `answer` is what the study's criteria said of what was recorded, computed by the software.

    `as_of` is the day of decision that was asked about; `findings` are clauses that a person decided otherwise, or notes.
    """

    verdict: Verdict
    findings: tuple[str, ...] = ()
    rests_on: tuple[int, ...] = ()
    as_of: date | None = None
    answer: Answer | None = None
    dated: ClassVar[str] = "as_of"


@dataclass(frozen=True, kw_only=True)
class EligibilitySigned(Signed, ParticipantEvent):
    """An investigator signed that the participant is eligible; `screening` numbers the entry signed."""

    screening: int
    signs: ClassVar[str] = "screening"


@dataclass(frozen=True, kw_only=True)
class ParticipantWithdrawn(ParticipantEvent):
    """The participant left the treatment or the study."""

    on: date
    needs_reason: ClassVar[bool] = True
    dated: ClassVar[str] = "on"


@dataclass(frozen=True, kw_only=True)
class ParticipantTransferred(ParticipantEvent):
    """The participant goes on at another site; whoever records it may act at both."""

    to_site: str
    needs_reason: ClassVar[bool] = True
