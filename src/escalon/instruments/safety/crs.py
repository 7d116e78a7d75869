"""Cytokine release syndrome: the ASTCT 2019 grade, and beside it the CTCAE v5.0 grade, which can differ.

Fever opens an episode. Once it was treated with an antipyretic or an anticytokine drug, fever is no longer asked for, and
blood pressure and oxygen decide, the more severe of the two. Organ toxicities are graded apart, with CTCAE.
"""

import re
from collections.abc import Mapping
from typing import Any

from escalon.expressions.symbols import all_of, any_of, case, negated, one_of, otherwise
from escalon.facts import Interval, Status
from escalon.instruments.kit.instrument import Items, Outcome, instrument
from escalon.instruments.kit.item import choice, integer, number, truth
from escalon.instruments.kit.reading import Noted
from escalon.instruments.safety.vasopressors import question, read_all

FEVER = 38  # °C, included (Lee 2019); SLEDAI-2K's fever is above 38.0, not included
LOW_FLOW = 6  # L/min, included (Lee 2019, footnote to table 2)
CANNULAS = ("low_flow_nc", "nasal_cannula")
HIGH_FLOW = ("high_flow_nc", "facemask", "non_rebreather", "venturi")
POSITIVE_PRESSURE = ("cpap", "bipap", "ventilation")
OXYGEN = ("none", *CANNULAS, "blow_by", *HIGH_FLOW, *POSITIVE_PRESSURE)

ITEMS = {
    "temp_c": number("highest temperature", 25, 45, "°C", doubtful=(34, 42)),
    "fever_other_cause": truth("the fever has another cause; no if not recorded", needed=False),
    "crs_active": truth("a CRS episode is already open"),
    "antipyretic_or_anticytokine": truth(
        "antipyretic, tocilizumab, siltuximab, anakinra or corticosteroid given since the CRS began"
    ),
    "hypotension": truth("hypotension"),
    "vasopressors": integer("vasopressors other than vasopressin: how many, or their names", 0, 9),
    "vasopressin": truth("vasopressin or an analogue is among them", needed=False),
    "oxygen": choice("the most oxygen support needed", *OXYGEN),
    "flow_l_min": number("oxygen flow through a nasal cannula", 0, 80, "L/min"),
    "airway_protection": truth("ventilated to protect the airway only, oxygenation normal", needed=False),
    "attributable": truth("no other cause of hypotension and hypoxia; yes if not recorded", needed=False),
    "attributable_hypotension": truth("no other cause of the hypotension, where it differs from hypoxia", needed=False),
    "attributable_hypoxia": truth("no other cause of the hypoxia, where it differs from hypotension", needed=False),
    "fatal": truth("death due to CRS with no other principal cause; no if not recorded", needed=False),
}


def counted(given: Mapping[str, Any]) -> Mapping[str, Any]:
    """The items with names of vasopressors turned into how many they are; a word not recognised leaves that open, and is named.

    Lee 2019 does not count vasopressin; that its analogues are not counted either is how the text is read.
    """
    written = given.get("vasopressors")
    if not isinstance(written, str | list | tuple | set | frozenset) or _is_number(written):
        return given
    found = read_all(written)
    if found is None:
        return dict(given) | {"vasopressors": None}
    many = found.least if found.least == found.most else Interval(found.least, found.most)
    asked = question(found)
    number = Noted(many, {"UNKNOWN_VASOPRESSOR": asked} if asked else {})
    said = {} if found.vasopressin is None else {"vasopressin": found.vasopressin}
    return said | dict(given) | {"vasopressors": number}


def _is_number(written: Any) -> bool:
    """Whether it is a number with or without a sign, which the item itself takes or refuses: «-1» names no drug."""
    return isinstance(written, str) and re.fullmatch(r"\s*[-+−]?\s*\d+(\.\d*)?\s*", written) is not None


@instrument(
    "CRS, ASTCT 2019",
    source="Lee 2019, doi:10.1016/j.bbmt.2018.12.758 (table 2)",
    items=ITEMS,
    adapt=counted,
    when_missing=Status.INDETERMINATE,
    version="ASTCT-2019",
)
def crs(it: Items) -> Outcome:
    """Cytokine release syndrome, grade 0–5: fever with hypotension and hypoxia; the more severe of the two decides."""
    fever = all_of(it.temp_c >= FEVER, negated(otherwise(it.fever_other_cause, False)))
    present = any_of(fever, all_of(it.crs_active, it.antipyretic_or_anticytokine))
    hypotension, hypoxia = _hypotension(it), _hypoxia(it)
    return Outcome(
        _graded(it, present, {grade: any_of(hypotension[grade], hypoxia[grade]) for grade in (4, 3, 2)}),
        parts={
            "fever": fever,
            "hypotension_grade": case(hypotension[4], 4, hypotension[3], 3, hypotension[2], 2, 0),
            "hypoxia_grade": case(hypoxia[4], 4, hypoxia[3], 3, hypoxia[2], 2, 0),
        },
        flags={
            "SIGNS_WITHOUT_CRS": (
                all_of(negated(present), any_of(hypotension[2], hypoxia[2])),
                "hypotension or hypoxia, but neither fever nor an open and treated CRS: not graded as CRS",
            )
        },
        asked_when={
            "crs_active": negated(fever),
            "antipyretic_or_anticytokine": all_of(negated(fever), it.crs_active),
            "vasopressors": otherwise(it.hypotension, True),
            "flow_l_min": one_of(it.oxygen, CANNULAS),
        },
    )


def _graded(it: Items, present: Any, worse: Mapping[int, Any]) -> Any:
    return case(
        otherwise(it.fatal, False), 5,
        negated(present), 0,
        worse[4], 4,
        worse[3], 3,
        worse[2], 2,
        1,
    )  # fmt: skip


def _hypotension(it: Items) -> dict[int, Any]:
    """Vasopressin alone counts as one vasopressor; beside another it is not counted."""
    others = otherwise(it.vasopressors, case(it.hypotension, None, 0))
    any_vasopressor = any_of(others >= 1, otherwise(it.vasopressin, False))
    due = otherwise(it.attributable_hypotension, otherwise(it.attributable, True))
    return {
        4: all_of(due, others >= 2),
        3: all_of(due, any_vasopressor),
        2: all_of(due, any_of(it.hypotension, any_vasopressor)),
    }


def _hypoxia(it: Items) -> dict[int, Any]:
    """By device; through a nasal cannula the flow decides, and 6 L/min is still low."""
    own = otherwise(it.attributable_hypoxia, otherwise(it.attributable, True))
    due = all_of(own, negated(otherwise(it.airway_protection, False)))
    fast = all_of(one_of(it.oxygen, CANNULAS), it.flow_l_min > LOW_FLOW)
    return {
        4: all_of(due, one_of(it.oxygen, POSITIVE_PRESSURE)),
        3: all_of(due, any_of(one_of(it.oxygen, HIGH_FLOW), fast)),
        2: all_of(due, it.oxygen != "none"),
    }


CTCAE_ITEMS = {
    "fever": truth("fever, with or without constitutional symptoms"),
    "hypotension": truth("hypotension"),
    "vasopressors": integer("vasopressors: how many, or their names", 0, 9),
    "hypoxia": truth("hypoxia: oxygen is needed"),
    "fio2_percent": number("oxygen needed", 21, 100, "%"),
    "life_threatening": truth("life-threatening consequences; urgent intervention indicated", needed=False),
    "fatal": truth("death due to CRS; no if not recorded", needed=False),
}


def counted_all(given: Mapping[str, Any]) -> Mapping[str, Any]:
    """As `counted`, but CTCAE has no exception for vasopressin."""
    sorted_out = dict(counted(given))
    if sorted_out.pop("vasopressin", False) is True:
        number = sorted_out["vasopressors"]
        many = number.value
        more = Interval(many.low + 1, many.high + 1) if isinstance(many, Interval) else many + 1
        sorted_out["vasopressors"] = Noted(more, number.flags)
    return sorted_out


@instrument(
    "CRS, CTCAE v5.0",
    source="NCI CTCAE v5.0, 27 Nov 2017, Immune system disorders: Cytokine release syndrome (MedDRA 10052015)",
    items=CTCAE_ITEMS,
    adapt=counted_all,
    when_missing=Status.INDETERMINATE,
    version="CTCAE-5.0",
)
def crs_ctcae(it: Items) -> Outcome:
    """Cytokine release syndrome by CTCAE v5.0, grade 0–5: beside the ASTCT grade, which is primary, never instead of it."""
    much = all_of(it.hypoxia, it.fio2_percent >= 40)
    vasopressors = otherwise(it.vasopressors, case(it.hypotension, None, 0))
    return Outcome(
        case(
            otherwise(it.fatal, False), 5,
            any_of(otherwise(it.life_threatening, False), vasopressors >= 2), 4,
            any_of(vasopressors >= 1, much), 3,
            any_of(it.hypotension, it.hypoxia), 2,
            it.fever, 1,
            0,
        ),
        flags={
            "several_vasopressors": (
                vasopressors >= 2,
                "grade 3 is «managed with one pressor»: more than one is read as grade 4",
            )
        },
        asked_when={"vasopressors": otherwise(it.hypotension, True), "fio2_percent": otherwise(it.hypoxia, True)},
    )  # fmt: skip
