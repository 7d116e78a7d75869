"""Which counts may be shown: a small one never is, nor any other from which it could be worked out.

Every count of an output is a number of people, and the counts are tied to each other: whoever fails a clause alone is among
those who fail it, the diseases add up to everybody, what is left after a clause is what was left before it less those it
removed. `Shown` publishes counts one by one. Before it does, it works out what a reader who knows all these ties could then
say of every other count; where that would place a small count within fewer than `smallest` numbers, the count is withheld. So
nothing is ever shown first and hidden afterwards, and the table, the figure and the JSON have the same numbers.

Source of the problem: Cox 1980, doi:10.1080/01621459.1980.10477481 (suppression and complementary suppression).
"""

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from math import ceil, floor, inf

SMALLEST = 5
"""Fewer people than this are not shown, as most hospitals and registries have it."""


@dataclass(frozen=True)
class CountTie:
    """Σ factor · count ≤ most: what is true of the counts whoever the people are."""

    factors: Mapping[str, int]
    most: int


@dataclass
class Shown:
    """The counts of an output, those that are shown, and between what a reader can place the others."""

    counts: Mapping[str, int]
    """Numbers of people; those whose name begins with Σ count people more than once, and may be small."""
    ties: Iterable[CountTie]
    smallest: int = SMALLEST
    shown: dict[str, int] = field(default_factory=dict)
    least: dict[str, float] = field(default_factory=dict)
    most: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.least = dict.fromkeys(self.counts, 0)
        self.most = dict.fromkeys(self.counts, inf)
        self.about: dict[str, list[CountTie]] = {name: [] for name in self.counts}
        for tie in self.ties:
            for name in tie.factors:
                self.about[name].append(tie)
        self._follow(self.counts)

    def publish(self, name: str, among: Iterable[str] = ()) -> int | None:
        """The count, if it may be shown; None if it is withheld. A difference to one shown `among` others is a count too."""
        if name in self.shown:
            return self.shown[name]
        count = self.counts[name]
        near = (self.shown[other] for other in among if other in self.shown)
        if self._is_small(count) or any(self._is_small(abs(count - other)) for other in near):
            return None
        before = dict(self.least), dict(self.most)
        self.least[name] = self.most[name] = count
        changed = self._follow([name])
        if any(self._is_found_out(other) for other in changed):
            self.least, self.most = before
            return None
        self.shown[name] = count
        return count

    def _is_small(self, count: int) -> bool:
        return 0 < count < self.smallest

    def _is_found_out(self, name: str) -> bool:
        is_of_people = not name.startswith("Σ")
        return (
            is_of_people
            and self._is_small(self.counts[name])
            and self.most[name] - self.least[name] + 1 < self.smallest
        )

    def _follow(self, names: Iterable[str]) -> set[str]:
        """Draw every conclusion from what is known of some counts; returns the counts of which more is known now."""
        changed = set(names)
        waiting = deque(names)
        while waiting:
            for tie in self.about[waiting.popleft()]:
                for other in self._narrowed(tie):
                    if other not in changed or other not in waiting:
                        waiting.append(other)
                    changed.add(other)
        return changed

    def _narrowed(self, tie: CountTie) -> list[str]:
        """Each count of a tie is at most what the least of all the others leaves for it."""
        lows = {
            name: factor * (self.least[name] if factor > 0 else self.most[name]) for name, factor in tie.factors.items()
        }
        endless = [name for name, low in lows.items() if low == -inf]
        if len(endless) > 1:
            return []
        total = sum(low for low in lows.values() if low != -inf)
        found = []
        for name, factor in tie.factors.items():
            if endless and name != endless[0]:
                continue
            room = tie.most - (total if endless else total - lows[name])
            if factor > 0 and (end := floor(room / factor)) < self.most[name]:
                self.most[name] = end
                found.append(name)
            elif factor < 0 and (end := ceil(room / factor)) > self.least[name]:
                self.least[name] = end
                found.append(name)
        return found


def at_most(small: str, large: str) -> CountTie:
    """One count is among another."""
    return CountTie({small: 1, large: -1}, 0)


def adds_up(whole: str, parts: Iterable[str]) -> tuple[CountTie, CountTie]:
    """A count is the sum of others."""
    factors = dict.fromkeys(parts, 1)
    return CountTie({**factors, whole: -1}, 0), CountTie({**dict.fromkeys(factors, -1), whole: 1}, 0)
