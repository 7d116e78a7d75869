"""The registry's record cut mechanically into clauses, so that a test can say which of them nothing implements.

A clause is a sentence or a part between semicolons. Headings of the registry's page are the sections, not clauses. Each clause
knows its place, and coverage is counted in words: what no piece of `says` covers must be numbering or «and» and «or».
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import count

HEADINGS = (
    "Brief Summary",
    "Detailed Description",
    "Recruitment & Eligibility",
    "Inclusion Criteria",
    "Exclusion Criteria",
    "Study & Design",
    "Arm && Interventions",
    "Arms and Interventions",
    "Outcome Measures",
    "Primary Outcome Measures",
    "Secondary Outcome Measures",
    "Trial Locations",
)
_PLAIN = {one.lower(): one for one in HEADINGS} | {
    "inclusion": "Inclusion Criteria",
    "exclusion": "Exclusion Criteria",
    "outcomes": "Outcome Measures",
    "eligibility": "Recruitment & Eligibility",
    "eligibility criteria": "Recruitment & Eligibility",
    "key inclusion criteria": "Inclusion Criteria",
    "key exclusion criteria": "Exclusion Criteria",
    "primary outcome measure": "Primary Outcome Measures",
    "primary outcomes": "Primary Outcome Measures",
    "primary endpoints": "Primary Outcome Measures",
    "secondary outcome measure": "Secondary Outcome Measures",
    "secondary outcomes": "Secondary Outcome Measures",
    "secondary endpoints": "Secondary Outcome Measures",
}
_COLUMNS = {
    "Conditions", "Interventions", "Registration Number", "Lead Sponsor", "Status", "Sex", "Target Recruitment", "Study Type",
    "Study Design", "NameTimeMethod", "GroupInterventionDescription",
}  # fmt: skip
_END = re.compile(r"[;；。]|\.(?=[\s(A-Z]|$)")
_WORD = re.compile(r"[^\W_]+")
# Numbering such as (4) or 2), bullets, and the words that join clauses, may stay uncovered.
_NUMBER = re.compile(r"\s*(\(?\d{1,3}[.)](?=\s|$)|\d{1,2}(\.\d{1,2})+\.?(?=\s+[A-Z])|\(?[A-Za-z][.)](?=\s|$))")
_JOINING = re.compile(r"\(\s*\d{1,2}\s*\)|\b\d\)|\band\b|\bor\b|[•]", re.IGNORECASE)
_SHORT = 3  # a piece this short must be a whole clause; elsewhere it would match by chance
_LONG = 20  # from this length on a piece may end within a word, because the registry's page runs columns together


@dataclass(frozen=True, slots=True)
class Clause:
    """A sentence or part of one: its section, its number within it, and where it stands in the record."""

    section: str
    number: int
    text: str
    start: int
    end: int

    @property
    def id(self) -> str:
        """The section and the number: `Exclusion Criteria 4`."""
        return f"{self.section} {self.number}"


def clauses(record: str) -> tuple[Clause, ...]:
    """Every clause of a record, in order."""
    found: list[Clause] = []
    section, numbers, position = "Head", count(1), 0
    for line in record.split("\n"):
        heading = line.strip()
        if plain := _PLAIN.get(heading.rstrip(":").lower()) or _own_heading(heading):
            section, numbers = plain, count(1)
        elif heading not in _COLUMNS:
            for start, end in _parts(line):
                found.append(Clause(section, next(numbers), line[start:end], position + start, position + end))
        position += len(line) + 1
    return tuple(found)


def _own_heading(line: str) -> str:
    """A heading the registry does not have: a line that begins with `#`."""
    return line.lstrip("#").strip() if line.startswith("#") else ""


def _parts(line: str) -> Iterator[tuple[int, int]]:
    """Start and end of each clause in a line, without blanks around it."""
    start = 0
    for cut in (*(found.end() for found in _END.finditer(line)), len(line)):
        text = line[start:cut]
        if _WORD.search(_JOINING.sub(" ", text[_numbered(text) :])):
            yield start + len(text) - len(text.lstrip()), start + len(text.rstrip())
            start = cut
        # an abbreviation or bare numbering is kept with what follows


def _numbered(text: str) -> int:
    """The length of the numbering a clause begins with: `3.`, `(3)`, `b)`, or `2.1` before a capital."""
    found = _NUMBER.match(text)
    return found.end() if found else 0


def places(piece: str, record: str, found: Iterable[Clause]) -> tuple[tuple[int, int], ...]:
    """Where a piece of `says` stands in the record, word for word; a very short piece only as a whole clause."""
    wanted = piece.strip()
    if len(wanted) <= _SHORT:
        return tuple((one.start, one.end) for one in found if one.text.strip() == wanted)
    before, after = (r"\b" if end.isalnum() and len(wanted) < _LONG else "" for end in (wanted[0], wanted[-1]))
    pattern = before + re.escape(wanted) + after
    return tuple((one.start(), one.end()) for one in re.finditer(pattern, record))


def uncovered(clause: Clause, record: str, spans: Iterable[tuple[int, int]]) -> str:
    """What of a clause no span covers, without numbering and joining words; empty when all of it is covered."""
    letters = list(record[clause.start : clause.end])
    letters[: _numbered(clause.text)] = " " * _numbered(clause.text)
    for start, end in spans:
        for place in range(max(start, clause.start), min(end, clause.end)):
            letters[place - clause.start] = " "
    left = _JOINING.sub(" ", "".join(letters))
    return " ".join(_WORD.findall(left))
