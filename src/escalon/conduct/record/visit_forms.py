"""Recording the answers of a form: all of them or none, nothing over what somebody else recorded, a conflict shown whole."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from escalon.casebook.entry import Entry
from escalon.conduct.permit.refusal import Broken, Refused
from escalon.conduct.record.recording import Conduct
from escalon.history import Author, Course, Current, Trial
from escalon.history.events import Event, FactCorrected, FactRecorded, Observation, QueryRaised

THEIRS, MINE, ASK = "theirs", "mine", "ask"
"""What a person chooses where the same was recorded meanwhile: the entry stands, mine is right, or the site is asked."""


@dataclass(frozen=True)
class Clash:
    """Two values of one thing at one visit: what is typed now, and the entry that says otherwise."""

    typed: Observation
    recorded: Current[FactRecorded]

    @property
    def says(self) -> str:
        """Both values side by side."""
        who, entry = self.recorded.entry.author.person, self.recorded.entry.number
        return f"{self.typed.name}: you typed {told(self.typed)}; {who} recorded {told(self.recorded.event.fact)} (entry {entry})"


class Clashing(Refused):
    """Somebody recorded the same meanwhile; nothing was recorded."""

    def __init__(self, clashes: Sequence[Clash]) -> None:
        super().__init__(*(Broken("conflict", one.says) for one in clashes))
        self.clashes = tuple(clashes)


@dataclass(frozen=True)
class Chosen:
    """What a person chose in a conflict, and why."""

    what: str
    entry: int
    why: str = ""


def record_answers(
    conduct: Conduct,
    author: Author,
    participant: str,
    answers: Sequence[Observation],
    chosen: Mapping[str, Chosen] | None = None,
    known: Callable[[Course], Mapping[str, Current[FactRecorded]]] | None = None,
) -> list[Entry]:
    """Record the answers of a form as one act. Raises Clashing where the record says otherwise and nobody has chosen.

    What is recorded already in the same words is left as it is. `chosen` is by the name of the fact, for the very entry
    that was shown: where another one stands by now, it is a conflict again. `known` says what stands at the visit by
    the name of the fact; else it is what carries the same visit, or the same day where none is named.
    """

    def events(trial: Trial) -> list[Event]:
        stands = standing(trial, participant)
        if known is not None and participant in trial.courses:
            there = known(trial.courses[participant])
            stands |= {_key(seen): there[seen.name] for seen in answers if seen.name in there}
        found: list[Event] = []
        clashes = []
        for seen in answers:
            other = stands.get(_key(seen))
            choice = (chosen or {}).get(seen.name)
            if other is None:
                found.append(FactRecorded(participant=participant, fact=seen))
            elif is_same(seen, other.event.fact):
                continue
            elif choice is None or choice.entry != other.entry.number:
                clashes.append(Clash(seen, other))
            else:
                found += _settled(participant, seen, other, choice)
        if clashes:
            raise Clashing(clashes)
        return found

    return conduct.record_all_built(author, events, about=participant)


def _settled(participant: str, seen: Observation, other: Current[FactRecorded], choice: Chosen) -> list[Event]:
    if choice.what == MINE:
        corrected = FactCorrected(participant=participant, corrects=other.entry.number, fact=seen, reason=choice.why)
        return [corrected]
    if choice.what == ASK:
        says = (
            f"{seen.name}: {told(other.event.fact)} is recorded, {told(seen)} was typed. Which one holds? {choice.why}"
        )
        return [QueryRaised(participant=participant, text=says.strip(), about=other.entry.number)]
    return []


def standing(trial: Trial, participant: str) -> dict[tuple[str, str], Current[FactRecorded]]:
    """What stands for each fact of each visit; the latest where there are several."""
    course = trial.courses.get(participant)
    return {_key(one.event.fact): one for one in course.observations} if course else {}


def _key(seen: Observation) -> tuple[str, str]:
    """What may be said once: a fact of a visit; of a day, where no visit is named."""
    return seen.name, seen.visit or seen.day or ""


def is_same(one: Observation, other: Observation) -> bool:
    """Whether two observations say the same of the same day."""
    return (one.value, one.unit or "", one.day, one.why) == (other.value, other.unit or "", other.day, other.why)


def told(seen: Observation) -> str:
    """An observation's value in words: `22 mm/h`, `not done (haemolysed)`."""
    said = f"{seen.value or 'not known'} {seen.unit or ''}".strip()
    return f"{said} ({seen.why})" if seen.why else said
