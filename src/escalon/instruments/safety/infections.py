"""Infections: which isolates are one episode, how dense episodes are in each phase, and what a reactivation asks for.

Infections are graded by what they needed: oral treatment 2, intravenous treatment or an invasive intervention 3,
life-threatening 4, death 5; grade 1 exists only where the disease was local (CTCAE v5.0, 88 terms).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from typing import Annotated, Any

from escalon.expressions.symbols import all_of, any_of, case, otherwise
from escalon.facts import Finding, Number, Status
from escalon.instruments.kit.instrument import instrument
from escalon.instruments.kit.item import choice, truth
from escalon.instruments.safety.ctcae.grading import SOURCE, VERSION
from escalon.instruments.safety.periods import PHASES, Phase, phase_of

SAME_EPISODE_DAYS = 7
# Reactivations have terms of their own; CMV-DNA and EBV-DNA positivity exclude a person from this kind of trial.
REACTIVATIONS = {
    "CMV": "Cytomegalovirus infection reactivation",
    "EBV": "Epstein-Barr virus infection reactivation",
    "HBV": "Hepatitis B reactivation",
    "HSV": "Herpes simplex reactivation",
    "VZV": "Shingles",
}


class Certainty(StrEnum):
    """How sure an infection is."""

    PROVEN = "proven"
    PROBABLE = "probable"
    POSSIBLE = "possible"
    CLINICAL = "clinically documented"


@dataclass(frozen=True, slots=True)
class Isolate:
    """One infection as found: where, what, on which day after infusion, with the defences of that day."""

    participant: str
    site: str
    day: int
    organism: str = ""
    certainty: Certainty = Certainty.CLINICAL
    grade: int | None = None
    anc_per_ul: Number | None = None
    igg_g_per_l: Number | None = None
    prophylaxis: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class InfectionEpisode:
    """Isolates of one participant at one site, close in time."""

    isolates: tuple[Isolate, ...]

    @property
    def participant(self) -> str:
        """Whose episode it is."""
        return self.isolates[0].participant

    @property
    def onset(self) -> int:
        """The day after infusion of the first isolate."""
        return self.isolates[0].day

    @property
    def phase(self) -> Phase:
        """The phase the episode began in."""
        return phase_of(self.onset)

    @property
    def grade(self) -> int | None:
        """The highest grade; `None` where none was graded."""
        return max((isolate.grade for isolate in self.isolates if isolate.grade is not None), default=None)


def infection_episodes(isolates: Iterable[Isolate], within: int = SAME_EPISODE_DAYS) -> tuple[InfectionEpisode, ...]:
    """Episodes: two isolates at one site within `within` days are one."""
    open_: dict[tuple[str, str], list[Isolate]] = {}
    closed: list[list[Isolate]] = []
    for isolate in sorted(isolates, key=lambda one: (one.participant, one.site, one.day)):
        key = (isolate.participant, isolate.site)
        if key in open_ and isolate.day - open_[key][-1].day <= within:
            open_[key].append(isolate)
        else:
            closed.append(found := [isolate])
            open_[key] = found
    return tuple(sorted((InfectionEpisode(tuple(one)) for one in closed), key=lambda one: (one.participant, one.onset)))


def infection_density(
    episodes: Iterable[InfectionEpisode], days_at_risk: Mapping[str, int]
) -> dict[str, tuple[int, int, Fraction | None]]:
    """Episodes, patient-days and episodes per 100 patient-days in each phase; no rate where nobody was at risk."""
    counted = {phase.name: 0 for phase in PHASES}
    for episode in episodes:
        counted[episode.phase.name] += 1
    return {
        name: (number, days_at_risk.get(name, 0), _per_hundred(number, days_at_risk.get(name, 0)))
        for name, number in counted.items()
    }


def _per_hundred(number: int, days: int) -> Fraction | None:
    return Fraction(100 * number, days) if days else None


Given = Annotated[bool, truth("given or indicated")]
Unlikely = Annotated[bool, truth("no if not recorded", needed=False)]
Treatment = Annotated[str, choice("the strongest treatment needed", "none", "local", "oral", "intravenous", "invasive")]
Symptoms = Annotated[bool, truth("signs or symptoms")]


@instrument(
    "CTCAE v5.0: infection",
    source=f"{SOURCE}, Infections and infestations (the wording most of its 88 terms share)",
    when_missing=Status.INDETERMINATE,
    version=VERSION,
)
def ctcae_infection(
    treatment: Treatment, limits_instrumental: Unlikely, life_threatening: Unlikely, fatal: Unlikely
) -> Any:
    """The grade of an infection by what it needed; check the term's own text, since a few terms lack a grade."""
    return case(
        otherwise(fatal, False), 5,
        otherwise(life_threatening, False), 4,
        any_of(treatment == "intravenous", treatment == "invasive"), 3,
        any_of(treatment == "oral", otherwise(limits_instrumental, False)), 2,
        1,
    )  # fmt: skip


@instrument(
    "CTCAE v5.0: positive blood culture",
    source=f"{SOURCE}, Infections and infestations: Bacteremia (MedDRA 10003999) and Sepsis (MedDRA 10040047)",
    when_missing=Status.INDETERMINATE,
    version=VERSION,
)
def ctcae_blood_culture(symptoms: Symptoms, treated: Given, life_threatening: Unlikely, fatal: Unlikely) -> Any:
    """Positive blood culture: without signs or symptoms bacteremia, grade 2; with them and treatment sepsis, grade 3."""
    return case(
        otherwise(fatal, False), 5,
        otherwise(life_threatening, False), 4,
        all_of(symptoms, treated), 3,
        2,
    )  # fmt: skip


@instrument(
    "CTCAE v5.0: viral reactivation",
    source=f"{SOURCE}, Infections and infestations: reactivation of CMV, EBV, HBV, HSV",
    when_missing=Status.INDETERMINATE,
    version=VERSION,
)
def ctcae_reactivation(
    symptoms: Symptoms, treatment: Treatment, hospitalised: Unlikely, life_threatening: Unlikely, fatal: Unlikely
) -> Any:
    """Reactivation of a virus: without symptoms and treatment 1, medical treatment 2, hospital or intravenous 3."""
    return case(
        otherwise(fatal, False), 5,
        otherwise(life_threatening, False), 4,
        any_of(otherwise(hospitalised, False), treatment == "intravenous", treatment == "invasive"), 3,
        any_of(treatment == "oral", treatment == "local", symptoms), 2,
        1,
    )  # fmt: skip


def reactivation_check(virus: str, was_positive_at_screening: bool | None) -> Finding:
    """A reactivation after infusion asks for a comparison with screening, where CMV-DNA or EBV-DNA excludes a person."""
    name = REACTIVATIONS.get(virus.upper())
    if name is None:
        raise ValueError(f"{virus!r} has no reactivation term in CTCAE v5.0. Known: {', '.join(REACTIVATIONS)}")
    positive = ("positive_at_screening",) if was_positive_at_screening else ()
    missing = () if was_positive_at_screening is not None else (f"{virus.lower()}_dna at screening",)
    return Finding(
        "viral_reactivation", name, flags=("compare_with_screening", *positive), missing=missing,
        reasons=(f"{virus}: record as «{name}» and compare with the screening result",), rule="reactivation/1",
    )  # fmt: skip
