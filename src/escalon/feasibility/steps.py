"""The steps of one `WITH`, in the order in which they rest on each other, and where each input of the trees is found.

They read two relations with a row for each thing recorded of a person: `readings` holds numbers, words and statements,
`spells` holds events and treatments (`FACTS` says their columns).

What is found out of a person is brought together as bits: a leaf is a place, and a set of places is a few whole numbers.
So everything said of somebody's events is one pass over them, whatever the number of leaves that read them.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from escalon.criteria.situation import Meaning, Stretch
from escalon.expressions.dialects import Dialect, dialect

FACTS = {
    "person": "who",
    "n": "the number of the name it is recorded under",
    "known": "false where it was asked and is not known",
    "lo": "the least the number may be, in the study's unit; −∞ where it has no end; null where it is no such number",
    "lo_open": "whether that end is itself out of reach",
    "hi": "the most it may be",
    "hi_open": "whether that end is itself out of reach",
    "upper": "the laboratory's upper limit, in the study's unit",
    "lower": "the laboratory's lower limit",
    "said": "yes or no; null where it is neither",
    "word": "what was stated, in small letters",
    "dated": "whether it has a day",
    "d0": "the earliest day it may be of; the first of all days where it has none",
    "d1": "the latest day it may be of; the last of all days where it has none",
    "e0": "the earliest day it may have ended; null where no end is recorded",
    "e1": "the latest day it may have ended",
    "ongoing": "whether it went on when it was recorded",
    "open_end": "whether it lasted, without an end or going on being recorded",
    "unit": "the unit of a dose: mg/d where it can be had so",
    "k": "the place among the facts of one person, where one day has several",
}
READINGS = tuple("person n known lo lo_open hi hi_open upper lower said word dated d0 d1".split())
SPELLS = tuple("person n known lo lo_open hi hi_open said dated d0 d1 e0 e1 ongoing open_end unit k".split())
RELATIONS = {"readings": READINGS, "spells": SPELLS, "score_items": READINGS}
FIRST, LAST = date.min, date.max
PLACES = 60
"""The places that one whole number holds."""


@dataclass
class Steps:
    """The steps written so far, and what is known of the source they are written for."""

    dialect_name: str
    number: Callable[[str], int]
    """The number of a name in the relations."""
    members: Callable[[str], Sequence[str]]
    """The names a name stands for."""
    silent: frozenset[str] = frozenset()
    """The names of which silence counts as no while the person was under observation."""
    observed: str = ""
    """The relation (person, o0, o1) of observed time; empty where all time counts."""
    single: frozenset[str] = frozenset()
    """The names of which a person has one row in `readings` at most."""
    texts: dict[str, str] = field(default_factory=dict)
    columns: dict[str, str] = field(default_factory=dict)
    """What each input is, in terms of the columns of `joined`."""
    joined: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """The steps with one row a person, and their columns, each of a name of its own."""
    watched: dict[tuple[date, date], int] = field(default_factory=dict)
    denied: dict[Any, int] = field(default_factory=dict)
    """The leaves of which a «no» counts, and the place of each."""

    @property
    def spelling(self) -> Dialect:
        """How the engine writes things."""
        return dialect(self.dialect_name)

    def pivot(self, step: str, source: str, columns: Mapping[str, str]) -> None:
        """One row a person, to be joined to the people."""
        listed = ", ".join(f"{text} AS {name}" for name, text in columns.items())
        self.texts[step] = f"SELECT person, {listed}\nFROM {source} GROUP BY person"
        self.joined[step] = tuple(columns)

    def has(self, bits: str, place: int) -> str:
        """Whether a set of places has one; null for a person who has no such set."""
        return f"{self.spelling.bits.format(x=f'{bits}{place // PLACES}', n=place % PLACES, mask=1)} = 1"

    def has_at(self, bits: str, words: Iterable[int], place: str) -> str:
        """Whether a set of places has the one of a column."""
        word = " ".join(f"WHEN {word} THEN {bits}{word}" for word in words)
        picked = f"CASE CAST(FLOOR({place} / {PLACES}.0) AS INTEGER) {word} END"
        return f"{self.spelling.bits.format(x=picked, n=f'({place} % {PLACES})', mask=1)} = 1"

    def gathered(self, place: str, where: str, word: int) -> str:
        """The places of a column, over all rows of a person of which something holds, as one word of the set."""
        one = self.spelling.shifted.format(x="CAST(1 AS BIGINT)", n=f"({place} % {PLACES})")
        inside = f"{place} >= {word * PLACES} AND {place} < {(word + 1) * PLACES}"
        return f"BIT_OR(CASE WHEN {inside} AND {where} THEN {one} ELSE 0 END)"

    def small_table(self, step: str, columns: str, rows: Sequence[Sequence[Any]]) -> None:
        """A table written out. A column is named with its type: `l:int first_day:date`."""
        named = [column.partition(":")[::2] for column in columns.split()]
        types = {
            "int": "INTEGER",
            "bigint": "BIGINT",
            "truth": "BOOLEAN",
            "date": "DATE",
            "double": self.spelling.double,
        }
        cells = ",\n".join(f"({', '.join(map(self.literal, row))})" for row in rows)
        typed = [f"CAST(v.{name} AS {types.get(kind, self.spelling.text)}) AS {name}" for name, kind in named]
        names = ", ".join(name for name, _ in named)
        self.texts[step] = f"SELECT {', '.join(typed)}\nFROM (VALUES {cells}) AS v({names})"

    def literal(self, value: Any) -> str:
        """A constant as the engine writes it."""
        match value:
            case None:
                return "NULL"
            case bool():
                return "TRUE" if value else "FALSE"
            case date():
                return self.spelling.day(value)
            case str():
                return self.spelling.label(value)
            case int():
                return str(value)
            case _:
                return self.spelling.literal(float(value))

    def infinite(self, sign: str = "") -> str:
        """Infinity, as a number."""
        return f"CAST('{sign}Infinity' AS {self.spelling.double})"

    def is_observed(self, period: Stretch) -> str:
        """Whether the person was under observation throughout a stretch; an open one is asked about at its last day."""
        if not self.observed:
            return "TRUE"
        end = last_day(period)
        start = period.first.earliest if period.first else end
        place = self.watched.setdefault((start, end), len(self.watched))
        return f"COALESCE({self.has('watched', place)}, FALSE)"

    def watch(self) -> None:
        """The step that says who was under observation when, once everything else has asked."""
        day = self.spelling.day
        cells: dict[str, str] = {}
        for (start, end), place in self.watched.items():
            cell = f"CASE WHEN o0 <= {day(start)} AND o1 >= {day(end)} THEN {1 << place % PLACES} ELSE 0 END"
            name = f"watched{place // PLACES}"
            cells[name] = f"{cells[name]} + {cell}" if name in cells else f"CAST(0 AS BIGINT) + {cell}"
        if cells:
            self.pivot("observing", self.observed, {name: f"BIT_OR({cell})" for name, cell in cells.items()})


def bounds(period: Stretch) -> tuple[date, date, bool, bool]:
    """The first and last day of a stretch, whether it has any, and whether it could be laid on the calendar."""
    first = FIRST if period.first is None else period.first.earliest
    return first, last_day(period), period.first is not None or period.last is not None, period.unplaced is None


def last_day(period: Stretch) -> date:
    """The last day of a stretch that may still count."""
    return min(period.by.latest, LAST if period.last is None else period.last.latest)


# Whether a row (f) is sure to lie, or may lie, in a stretch (w); what has no day lies in a stretch without ends only.
SURE = """CASE WHEN NOT w.placed THEN FALSE WHEN NOT f.dated THEN NOT w.bounded
ELSE f.d0 >= w.first_day AND f.d1 <= w.last_day END"""
MAYBE = "NOT w.placed OR NOT f.dated OR (f.d1 >= w.first_day AND f.d0 <= w.last_day)"


def agreed(truth: str, besides: str = "") -> str:
    """The truth that all rows of a group share; unknown where they differ or one is unknown."""
    return (
        f"CASE WHEN {besides}COUNT(*) = COUNT({truth}) THEN "
        f"CASE WHEN BOOL_AND({truth}) THEN TRUE WHEN NOT BOOL_OR({truth}) THEN FALSE END END"
    )


def words(places: int) -> range:
    """The whole numbers that so many places need."""
    return range((places + PLACES - 1) // PLACES)


def masks(places: Iterable[int], among: range) -> list[int]:
    """A set of places as whole numbers."""
    found = [0] * len(among)
    for place in places:
        found[place // PLACES] |= 1 << place % PLACES
    return found


def members_of(meanings: Mapping[str, Meaning]) -> Callable[[str], tuple[str, ...]]:
    """The names that a name stands for."""
    return lambda name: tuple(meanings[name].members) if name in meanings else ()


def numbered(names: Iterable[str]) -> dict[str, int]:
    """A number for each name, in order."""
    return {name: place for place, name in enumerate(dict.fromkeys(names))}
