"""An adverse event as recorded: in their words, graded, dated, with what people judged; every field is as it was written.

Missing is never a value: a grade nobody wrote is not known, and a relation nobody assessed is not «unrelated». Whose event it
is stands with the record that holds it.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from escalon.facts import Day, Truth
from escalon.instruments.safety.ctcae.terms import Term, UnknownTerm, find_event
from escalon.safety.words import Criterion, Outcome, plain, read_outcome, read_seriousness, read_syndrome

NOT_CODED = "Not coded in CTCAE v5.0"
GRADES = (1, 2, 3, 4, 5)
ASKS = 3
"""From this grade on people judge whether it was dose-limiting; a grade that nobody wrote may be one."""


@dataclass(frozen=True, kw_only=True)
class AdverseEvent:
    """One line of an adverse event. Several lines of one `id` are one event, whose grade moved (`occurrence`)."""

    term: str
    grade: int | None = None
    """The highest CTCAE (or ASTCT) grade of this line, 1 to 5; None where nobody has recorded it."""
    start: Day | None = None
    end: Day | None = None
    """The last day; of a fatal event the day of death."""
    ongoing: bool = False
    serious: Truth = None
    seriousness: tuple[str, ...] = ()
    """Criteria of ICH E2A, a closed list (`words.Criterion`)."""
    related: Truth = None
    """Related to the cells; None while nobody has assessed it, which counts as related."""
    expected: Truth = None
    """Listed in the reference safety information at this severity; None while nobody has said."""
    aware: Day | None = None
    """The day the sponsor learned of it, from which reporting clocks run."""
    dlt: Truth = None
    """Judged dose-limiting, where the judgement came with the row; None while nobody has decided."""
    outcome: str = ""
    """A closed list (`words.Outcome`)."""
    action: str = ""
    """What was done: drugs and measures, separated by `;`."""
    description: str = ""
    id: str = ""
    component_of: str = ""
    """The syndrome it is a part of (`words.Syndrome`), so that it is not counted again."""
    baseline_grade: int | None = None
    """The grade before lymphodepletion, 0 where it was not there; None where nobody has recorded it."""
    interest: str = ""
    """The special interest it is of, such as `disease flare`, where the term does not tell."""
    source: str = ""

    def __post_init__(self) -> None:
        self.check()

    def check(self) -> None:
        """Refuse what no event can say; raises ValueError that names the field and what to write instead."""
        if self.grade is not None and self.grade not in GRADES:
            raise ValueError(f"grade {self.grade} does not exist. Write 1, 2, 3, 4 or 5, or leave it empty")
        if self.baseline_grade is not None and self.baseline_grade not in (0, *GRADES):
            raise ValueError(f"baseline grade {self.baseline_grade} does not exist. Write 0 to 5, or leave it empty")
        read_outcome(self.outcome)
        read_syndrome(self.component_of)
        criteria(self)

    @property
    def span(self) -> str:
        """The event as a committee reads it: `CRS, grade 3, from 2025-03-20 to 2025-03-25`."""
        grade = "grade not recorded" if self.grade is None else f"grade {self.grade}"
        end = f" to {self.end}" if self.end else ", ongoing" if self.ongoing else ""
        return f"{self.term}, {grade}, from {self.start or 'a day not recorded'}{end}"


def is_death(event: AdverseEvent) -> bool:
    """Whether the event ended in death, whichever column says so: grade, outcome, criterion of seriousness, or the term."""
    return bool(says_death(event))


def says_death(event: AdverseEvent) -> list[str]:
    """The columns that say death, each in words."""
    said = {
        "grade 5 is death": event.grade == 5,
        f"the outcome is «{event.outcome}»": read_outcome(event.outcome) is Outcome.FATAL,
        "death is a criterion of its seriousness": Criterion.DEATH in criteria(event),
        "the term is death itself": is_death_itself(event.term),
    }
    return [words for words, is_said in said.items() if is_said]


@cache
def is_death_itself(term: str) -> bool:
    """Whether a term is the word for death, and no event that led to it. Disease progression is not, although CTCAE v5.0 gives it
    grade 5 alone: people write it of the living, and then its grade or outcome says who died of it.
    """
    return _DEATH.fullmatch(plain(term)) is not None


_DEATH = re.compile(
    r"(?:(?:patient|subject|participant|found|sudden|cardiac|unexplained|accidental|natural) )*"
    r"(?:death|died|dead|deceased|exitus|died of .*)"
    r"(?:(?:,| \(|:)? ?(?:nos|letalis|unexplained|unknown|(?:due to|from|by|cause|of (?:un|any|natural)).*))?"
    r"|(?:患者|受试者)?(?:死亡|猝死)"
)


def death_day(event: AdverseEvent) -> Day | None:
    """The day of death of a fatal event: its last day, or the day of an event that is death itself; None where nobody
    recorded it, or it was not fatal."""
    day = event.end or (event.start if is_death_itself(event.term) else None)
    return day if is_death(event) else None


def criteria(event: AdverseEvent) -> tuple[Criterion, ...]:
    """The criteria of seriousness recorded of an event. Raises ValueError where one is on no list."""
    return read_seriousness(";".join(event.seriousness))


def died_on(events: Iterable[AdverseEvent]) -> Day | None:
    """The earliest day of death among a participant's events; None where nobody recorded one."""
    days = [day for event in events if (day := death_day(event)) is not None]
    return min(days, key=lambda day: (day.earliest, day.latest), default=None)


@cache
def coded(words: str) -> Term:
    """The term of an event's words; words that are no term of CTCAE v5.0 are kept as a term of their own, not coded."""
    try:
        return find_event(words)
    except UnknownTerm:
        return Term(words, NOT_CODED, "", dict.fromkeys(GRADES, ""))
