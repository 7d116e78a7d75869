"""LLDAS: the lupus low disease activity state, five criteria.

Published uses differ in what counts as a major organ; here it is every 8-point descriptor of SLEDAI-2K, the renal ones,
pleurisy, pericarditis and fever, with haemolysis and gastrointestinal activity taken from BILAG-2004 (items 96, 56–64).
"""

from typing import Any

from escalon.expressions.symbols import all_of, any_of, known, negated, otherwise, points, total
from escalon.facts import Status
from escalon.instruments.activity.doris import RescueRule, given, rescue_flags
from escalon.instruments.activity.pga import ON_0_3
from escalon.instruments.activity.sledai_2k import DESCRIPTORS
from escalon.instruments.general.prednisone_equivalent import PREDNISONE_PER_DAY, RESCUE_STEROID
from escalon.instruments.kit.instrument import Items, Outcome, instrument
from escalon.instruments.kit.item import Item, integer, truth

MAJOR_ORGAN = (
    *(name for name, descriptor in DESCRIPTORS.items() if descriptor.weight == 8),
    *("casts", "haematuria", "proteinuria", "pyuria", "pleurisy", "pericarditis", "fever"),
)
NOW: dict[str, Item] = {
    name: truth(f"{one.about} ({one.weight})", fact=f"sledai_2k.{name}") for name, one in DESCRIPTORS.items()
}
BEFORE: dict[str, Item] = {
    f"previous_{name}": truth(f"at the preceding assessment: {one.about}") for name, one in DESCRIPTORS.items()
}
# What may be given in place of the descriptors, where only the conclusions were recorded.
CONCLUSIONS: dict[str, Item] = {
    "sledai": integer("SLEDAI-2K", 0, 105, also="sledai_2k", needed=False),
    "major_organ_activity": truth("any activity in a major organ by SLEDAI-2K, or fever", needed=False),
    "new_activity": truth("any descriptor that was absent at the preceding assessment", needed=False),
}
OTHERS: dict[str, Item] = {
    "haemolysis": truth("active haemolysis (BILAG-2004 item 96)", also="active_haemolysis"),
    "gastrointestinal_activity": truth("gastrointestinal activity (BILAG-2004 items 56–64)", also="gi_activity"),
    "new_bilag_activity": truth("new activity by BILAG-2004 since the preceding assessment", needed=False),
    "pga": ON_0_3,
    "prednisone": PREDNISONE_PER_DAY,
    "rescue_steroid": RESCUE_STEROID,
    "treatment_tolerated": truth("standard maintenance immunosuppressants and approved biologics are tolerated"),
    "investigational_drug": truth("an investigational drug is being taken"),
}


@instrument(
    "LLDAS",
    source="Franklyn 2016, Ann Rheum Dis 75:1615, doi:10.1136/annrheumdis-2015-207726",
    items=NOW | BEFORE | CONCLUSIONS | OTHERS,
    when_missing=Status.INDETERMINATE,
    code="LLDAS",
    notes="A recipient of an investigational cell product has had an investigational drug for good. Criterion 5 is read as one "
    "taken at the same time; `lldas_1to4` leaves the criterion out (query Q-LLDAS-5).",
)
def lldas(it: Items, *, rescue_steroid_rule: RescueRule = "not_met") -> Outcome:
    """Low activity: SLEDAI-2K at most 4 without major organs, nothing new, PGA at most 1, prednisone at most 7.5 mg a day."""
    summed = total(points(it[name], one.weight) for name, one in DESCRIPTORS.items())
    score, organs, new = otherwise(it.sledai, summed), _major_organ(it), _new_activity(it)
    criteria = {
        "1_low_activity": all_of(score <= 4, negated(any_of(organs, it.haemolysis, it.gastrointestinal_activity))),
        "2_nothing_new": negated(any_of(new, otherwise(it.new_bilag_activity, False))),
        "3_pga": it.pga <= 1,
        "4_steroid": all_of(it.prednisone <= 7.5, negated(given(it.rescue_steroid, rescue_steroid_rule))),
        "5_treatment": all_of(it.treatment_tolerated, negated(it.investigational_drug)),
    }
    first_four = all_of(criterion for name, criterion in criteria.items() if not name.startswith("5"))
    concluded = all_of(known(it.sledai), known(it.major_organ_activity))
    return Outcome(
        all_of(first_four, criteria["5_treatment"]),
        parts={"lldas_1to4": first_four, "sledai_counted": score}
        | {f"criterion_{name}": met for name, met in criteria.items()},
        flags=rescue_flags(it.rescue_steroid, first_four, rescue_steroid_rule),
        contradictions={
            "sledai is not the sum of the descriptors": it.sledai != summed,
            "major_organ_activity contradicts the descriptors": it.major_organ_activity != _organs_by_descriptor(it),
            "new_activity contradicts the descriptors": it.new_activity != _new_by_descriptor(it),
        },
        asked_when=dict.fromkeys(NOW, negated(all_of(concluded, known(it.new_activity))))
        | dict.fromkeys(BEFORE, negated(known(it.new_activity))),
    )


def _major_organ(it: Items) -> Any:
    return otherwise(it.major_organ_activity, _organs_by_descriptor(it))


def _organs_by_descriptor(it: Items) -> Any:
    return any_of(it[name] for name in MAJOR_ORGAN)


def _new_activity(it: Items) -> Any:
    return otherwise(it.new_activity, _new_by_descriptor(it))


def _new_by_descriptor(it: Items) -> Any:
    """Any descriptor present now that was absent before."""
    return any_of(all_of(it[name], negated(it[f"previous_{name}"])) for name in DESCRIPTORS)
