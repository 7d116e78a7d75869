"""Phases after infusion by the EBMT/JACIE recommendations: a surveillance profile, not a grading scale.

No scale bears the name «EBMT 2019 consensus». The recommendations that fit it adopt the ASTCT grades for CRS and ICANS and add
phases and supportive-care triggers; which document the record means is query Q-EBMT.

Source: Yakoub-Agha 2020, doi:10.3324/haematol.2019.229781 (online November 2019); update Hayden 2022,
doi:10.1016/j.annonc.2021.12.003, is another profile.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Phase:
    """A stretch of days after infusion, both ends included; `None` leaves that end open."""

    name: str
    first: int | None
    last: int | None
    expected: str


PHASES = (
    Phase("pre_infusion", None, -1, "lymphodepletion"),
    Phase("acute", 0, 28, "bacterial infection, CRS, ICANS, hyperinflammation like HLH, tumour lysis, early cytopenia"),
    Phase("intermediate", 29, 100, "delayed cytopenia, infection, hypogammaglobulinaemia, delayed neurotoxicity"),
    Phase("late", 101, None, "B-cell aplasia, low IgG, secondary malignancy, late infection; followed for 15 years"),
)


def phase_of(day: int) -> Phase:
    """The phase of a day counted from infusion, which is day 0.

    >>> phase_of(28).name, phase_of(29).name, phase_of(-3).name
    ('acute', 'intermediate', 'pre_infusion')
    """
    for phase in PHASES:
        if (phase.first is None or day >= phase.first) and (phase.last is None or day <= phase.last):
            return phase
    raise AssertionError(f"day {day} is in no phase")  # the phases leave no gap
