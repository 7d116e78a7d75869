"""Infections as a trial counts them: which isolates are one episode, how dense episodes are in each phase, reactivations."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction

from escalon.safety.periods import PHASES, Phase, phase_of

SAME_EPISODE_DAYS = 7


@dataclass(frozen=True, slots=True)
class Isolate:
    """One infection as found: where, on which day after infusion, how severe."""

    participant: str
    site: str
    day: int
    grade: int | None = None


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


def infection_episodes(isolates: Iterable[Isolate]) -> tuple[InfectionEpisode, ...]:
    """Episodes: two isolates at one site within `SAME_EPISODE_DAYS` are one."""
    open_: dict[tuple[str, str], list[Isolate]] = {}
    closed: list[list[Isolate]] = []
    for isolate in sorted(isolates, key=lambda one: (one.participant, one.site, one.day)):
        key = (isolate.participant, isolate.site)
        if key in open_ and isolate.day - open_[key][-1].day <= SAME_EPISODE_DAYS:
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
