"""ICANS: neurotoxicity of effector cells by ASTCT 2019, and the ICE score beneath it.

The worst of five domains decides, each only where it has no other cause. For adults; below 12 years ICE is not valid (CAPD
is used there). Tremor, myoclonus, headache and intracranial haemorrhage are not counted: they are graded with CTCAE.
"""

from typing import Annotated, Any

from escalon.expressions.symbols import all_of, any_of, case, known, one_of, otherwise, points, total
from escalon.facts import Status
from escalon.instruments.kit.instrument import Items, Outcome, instrument
from escalon.instruments.kit.item import choice, integer, number, truth

SOURCE = "Lee 2019, doi:10.1016/j.bbmt.2018.12.758"
Done = Annotated[bool, truth("done correctly")]
Named = Annotated[int, integer("objects named of three", 0, 3)]


@instrument("ICE", source=f"{SOURCE} (table 3)", bands="severe < 3 <= moderate < 7 <= mild <= 9 < normal")
def ice(
    year: Done, month: Done, city: Done, hospital: Done, objects: Named, command: Done, sentence: Done, counting: Done
) -> Outcome:
    """Immune effector cell encephalopathy score, 0–10: orientation 4, naming 3, command, writing, counting back by tens."""
    orientation = total(points(asked) for asked in (year, month, city, hospital))
    return Outcome(
        total([orientation, objects, points(command), points(sentence), points(counting)]),
        parts={"orientation": orientation},
    )


CONSCIOUSNESS = ("alert", "wakes_spontaneously", "wakes_to_voice", "wakes_to_touch", "unarousable")
SEIZURES = ("none", "resolving", "nonconvulsive_resolving", "prolonged", "repetitive")
ITEMS = {
    "ice": integer("ICE score", 0, 10),
    "ice_unavailable": truth("ICE cannot be done for another reason, such as sedation", needed=False),
    "consciousness": choice("level of consciousness, not from another cause", *CONSCIOUSNESS),
    "seizure": choice("seizure; a clinical one of more than 5 minutes is prolonged", *SEIZURES),
    "seizure_minutes": number("longest seizure", 0, 1440, "min", needed=False),
    "motor_weakness": truth("deep focal weakness: hemiparesis, paraparesis"),
    "oedema": choice("oedema on imaging", "none", "focal", "diffuse"),
    "raised_icp": truth("decerebrate or decorticate posturing, sixth-nerve palsy, papilloedema or Cushing's triad"),
    "haemorrhage": truth("intracranial haemorrhage: recorded, not counted", needed=False),
    "age": number("age", 0, 120, "a", needed=False),
    "fatal": truth("death due to ICANS; no if not recorded", needed=False),
}
PROLONGED = 5  # minutes, not included: longer than this is life-threatening (Lee 2019, table 4)


@instrument(
    "ICANS, ASTCT 2019",
    source=f"{SOURCE} (table 4)",
    items=ITEMS,
    when_missing=Status.INDETERMINATE,
    version="ASTCT-2019",
)
def icans(it: Items) -> Outcome:
    """Neurotoxicity grade 0–5 in adults: the worst of ICE, consciousness, seizure, motor findings, raised ICP or oedema."""
    excused = otherwise(it.ice_unavailable, False)
    # An ICE of 0 is grade 4 only because the patient cannot be roused, which consciousness records; where ICE could not be
    # done for another reason, consciousness could not be judged either, so grade 4 stays possible.
    ice = {4: all_of(excused, it.ice <= 0), 3: it.ice <= 2, 2: it.ice <= 6, 1: it.ice <= 9}
    others = _other_domains(it)
    every = {grade: any_of(ice[grade], others[grade]) for grade in (4, 3, 2, 1)}
    return Outcome(
        case(otherwise(it.fatal, False), 5, *_cascade(every)),
        parts={"grade_other_domains": case(*_cascade(others))},
        flags={
            "ice_missing": (excused, "ICE could not be done: the other domains give at least grade_other_domains"),
            "haemorrhage_not_counted": (it.haemorrhage, "intracranial haemorrhage is graded with CTCAE, not as ICANS"),
        },
        contradictions={
            "ICE is not valid below 12 years: use CAPD": all_of(it.age < 12, known(it.ice)),
            "ICE has a score and is also marked as unavailable": all_of(it.ice_unavailable, known(it.ice)),
            "no seizure, but a duration is given": all_of(it.seizure == "none", it.seizure_minutes > 0),
        },
    )


def _other_domains(it: Items) -> dict[int, Any]:
    long = all_of(it.seizure != "none", otherwise(it.seizure_minutes > PROLONGED, False))
    wakes = it.consciousness
    return {
        4: any_of(
            wakes == "unarousable",
            one_of(it.seizure, ("prolonged", "repetitive")),
            long,
            it.motor_weakness,
            it.raised_icp,
            it.oedema == "diffuse",
        ),
        3: any_of(wakes == "wakes_to_touch", it.seizure != "none", it.oedema == "focal"),
        2: wakes == "wakes_to_voice",
        1: wakes == "wakes_spontaneously",
    }


def _cascade(grades: dict[int, Any]) -> list[Any]:
    """The worst grade whose condition holds: arguments for `case`."""
    return [part for grade in (4, 3, 2, 1) for part in (grades[grade], grade)] + [0]
