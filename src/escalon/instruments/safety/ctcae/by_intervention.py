"""CTCAE v5.0 terms graded by what had to be done, never by a number: the general scale, glucose and phosphate.

Version 4.03 graded glucose and phosphate by numbers. Version 5.0 does not, and those numbers are not used here.
"""

from typing import Annotated, Any

from escalon.expressions.symbols import any_of, case, otherwise
from escalon.instruments.kit.item import choice, truth
from escalon.instruments.safety.ctcae.grading import Unlikely, of_term

Recorded = Annotated[bool, truth("recorded as present")]
Severity = Annotated[
    str, choice("how severe it is", "absent", "mild", "moderate", "severe", "life_threatening", "fatal")
]
Activities = Annotated[
    str, choice("activities of daily living it limits", "none", "instrumental", "self_care", needed=False)
]


@of_term("general scale", "page 1")
def ctcae_general(severity: Severity, activities: Activities, hospitalised: Unlikely) -> Any:
    """The grade of an event whose term has no text of its own, such as «Other, specify»: severity, daily living, hospital."""
    severe = any_of(otherwise(activities == "self_care", False), otherwise(hospitalised, False))
    return case(
        severity == "fatal", 5,
        severity == "life_threatening", 4,
        any_of(severe, severity == "severe"), 3,
        any_of(otherwise(activities == "instrumental", False), severity == "moderate"), 2,
        severity == "mild", 1,
        0,
    )  # fmt: skip


@of_term("Hyperglycemia", "Metabolism and nutrition disorders: Hyperglycemia (MedDRA 10020639)")
def ctcae_hyperglycemia(
    above_baseline: Recorded, management_changed: Recorded, insulin: Recorded, hospitalised: Recorded,
    life_threatening: Unlikely,
) -> Any:  # fmt: skip
    """Glucose above baseline: a change of daily management or an oral agent is 2, insulin or hospital 3."""
    return case(
        otherwise(life_threatening, False), 4,
        any_of(insulin, hospitalised), 3,
        management_changed, 2,
        above_baseline, 1,
        0,
    )  # fmt: skip


def _phosphate(present: Any, treated: Any, hospitalised: Any, life_threatening: Any) -> Any:
    return case(otherwise(life_threatening, False), 4, hospitalised, 3, treated, 2, present, 1, 0)


@of_term("Hypophosphatemia", "Metabolism and nutrition disorders: Hypophosphatemia (MedDRA 10021059)")
def ctcae_hypophosphatemia(
    below_normal: Recorded, oral_replacement: Recorded, hospitalised: Recorded, life_threatening: Unlikely
) -> Any:
    """Low phosphate: a laboratory finding only is 1, oral replacement 2, hospitalization 3."""
    return _phosphate(below_normal, oral_replacement, hospitalised, life_threatening)


@of_term("Hyperphosphatemia", "Metabolism and nutrition disorders: Hyperphosphatemia (MedDRA 10020712)")
def ctcae_hyperphosphatemia(
    above_normal: Recorded, intervention: Recorded, hospitalised: Recorded, life_threatening: Unlikely
) -> Any:
    """High phosphate: a laboratory finding only is 1, a noninvasive intervention 2, hospitalization 3."""
    return _phosphate(above_normal, intervention, hospitalised, life_threatening)
