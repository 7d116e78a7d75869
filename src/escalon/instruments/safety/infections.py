"""Infections, graded by what they needed.

Oral treatment 2, intravenous treatment or an invasive intervention 3, life-threatening 4, death 5; grade 1 exists only where
the disease was local (CTCAE v5.0, 88 terms).
"""

from typing import Annotated, Any

from escalon.expressions.symbols import all_of, any_of, case, otherwise
from escalon.instruments.kit.instrument import Outcome
from escalon.instruments.kit.item import choice, truth
from escalon.instruments.safety.ctcae.grading import Unlikely, of_term

Given = Annotated[bool, truth("given or indicated")]
Treatment = Annotated[str, choice("the strongest treatment needed", "none", "local", "oral", "intravenous", "invasive")]
Symptoms = Annotated[bool, truth("signs or symptoms")]
Moderate = Annotated[bool, truth("the symptoms are moderate or worse: mild ones count as none")]


@of_term("infection", "Infections and infestations (the wording most of its 88 terms share)")
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


@of_term(
    "positive blood culture", "Infections and infestations: Bacteremia (MedDRA 10003999) and Sepsis (MedDRA 10040047)"
)
def ctcae_blood_culture(symptoms: Symptoms, treated: Given, life_threatening: Unlikely, fatal: Unlikely) -> Any:
    """Positive blood culture: without signs or symptoms bacteremia, grade 2; with them and treatment sepsis, grade 3."""
    return case(
        otherwise(fatal, False), 5,
        otherwise(life_threatening, False), 4,
        all_of(symptoms, treated), 3,
        2,
    )  # fmt: skip


@of_term("viral reactivation", "Infections and infestations: reactivation of CMV, EBV, HBV, HSV")
def ctcae_reactivation(
    symptoms: Symptoms, treatment: Treatment, moderate: Moderate,
    hospitalised: Unlikely, life_threatening: Unlikely, fatal: Unlikely,
) -> Outcome:  # fmt: skip
    """Reactivation of a virus: no or mild symptoms and no treatment 1, moderate symptoms or medical treatment 2, hospital 3."""
    return Outcome(
        case(
            otherwise(fatal, False), 5,
            otherwise(life_threatening, False), 4,
            any_of(otherwise(hospitalised, False), treatment == "intravenous", treatment == "invasive"), 3,
            any_of(treatment == "oral", treatment == "local", all_of(symptoms, moderate)), 2,
            1,
        ),
        asked_when={"moderate": all_of(otherwise(symptoms, True), otherwise(treatment == "none", True))},
    )  # fmt: skip
