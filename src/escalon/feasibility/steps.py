"""The steps of one `WITH`, in the order in which they rest on each other, and where each input of the trees is found.

They read one relation, `facts`, with a row for each thing recorded of a person (`FACTS` says its columns).
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from escalon.criteria.situation import Period
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
FIRST, LAST = date.min, date.max
_PACKED = 20  # codes of three bits in one number


@dataclass
class Steps:
    """The steps written so far, and what is known of the source they are written for."""

    dialect_name: str
    number: Callable[[str], int]
    """The number of a name in `facts`."""
    members: Callable[[str], Sequence[str]]
    """The names a name stands for."""
    silent: frozenset[str] = frozenset()
    """The names of which silence counts as no while the person was under observation."""
    observed: str = ""
    """The relation (person, o0, o1) of observed time; empty where all time counts."""
    texts: dict[str, str] = field(default_factory=dict)
    columns: dict[str, str] = field(default_factory=dict)
    """Where each input is found, once the steps of `joined` stand beside the people."""
    joined: list[str] = field(default_factory=list)
    watched: dict[tuple[date, date], str] = field(default_factory=dict)

    @property
    def spelling(self) -> Dialect:
        """How the engine writes things."""
        return dialect(self.dialect_name)

    def pivot(self, step: str, source: str, columns: Iterable[str]) -> None:
        """One row a person, to be joined to the people."""
        self.texts[step] = f"SELECT person, {', '.join(columns)}\nFROM {source} GROUP BY person"
        self.joined.append(step)

    def pack(self, step: str, source: str, leaves: int) -> list[str]:
        """One row a person with the code (1 to 7) of every leaf of a step (person, l, code), many in a number; where each is.

        A leaf of which the step has no row is 0; a person without any has null.
        """
        firsts = range(0, leaves, _PACKED)
        code = self.spelling.shifted.format(x="CAST(code AS BIGINT)", n=f"(3 * (l % {_PACKED}))")
        inside = [f"CASE WHEN l >= {first} AND l < {first + _PACKED} THEN {code} END" for first in firsts]
        words = [f"CAST(COALESCE(SUM({one}), 0) AS BIGINT) AS w{word}" for word, one in enumerate(inside)]
        self.pivot(step, source, words)
        bits = self.spelling.bits
        return [bits.format(x=f"{step}.w{one // _PACKED}", n=3 * (one % _PACKED), mask=7) for one in range(leaves)]

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

    def is_observed(self, period: Period) -> str:
        """Whether the person was under observation throughout a stretch; an open one is asked about at its last day."""
        if not self.observed:
            return "TRUE"
        end = last_day(period)
        start = period.first.earliest if period.first else end
        name = self.watched.setdefault((start, end), f"o{len(self.watched)}")
        return f"COALESCE(watched.{name}, FALSE)"

    def watch(self) -> None:
        """The step that says who was under observation when, once everything else has asked."""
        day = self.spelling.day
        columns = [
            f"BOOL_OR(o0 <= {day(start)} AND o1 >= {day(end)}) AS {name}" for (start, end), name in self.watched.items()
        ]
        if columns:
            self.pivot("watched", self.observed, columns)

    def text(self) -> str:
        """The steps as they follow `WITH`."""
        return ",\n".join(f"{name} AS{self.spelling.kept} (\n{text}\n)" for name, text in self.texts.items())


def bounds(period: Period) -> tuple[date, date, bool, bool]:
    """The first and last day of a stretch, whether it has any, and whether it could be laid on the calendar."""
    first = FIRST if period.first is None else period.first.earliest
    return first, last_day(period), period.first is not None or period.last is not None, period.unplaced is None


def last_day(period: Period) -> date:
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


def cased(column: str, cases: Sequence[tuple[int, str]], otherwise: str = "FALSE") -> str:
    """What holds for each leaf, and for the others."""
    found = " ".join(f"WHEN {place} THEN {text}" for place, text in cases)
    return f"CASE {column} {found} ELSE {otherwise} END" if found else otherwise
