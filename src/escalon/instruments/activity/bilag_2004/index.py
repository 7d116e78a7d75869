"""BILAG-2004, the index: nine grades, their numeric sum, the highest grade, and whether the disease is active."""

from collections.abc import Mapping
from typing import Any, Literal

from escalon.expressions.symbols import any_of, at_least, case, count, known, negated, total
from escalon.facts import Status
from escalon.instruments.activity.bilag_2004.form import ITEMS, RATED
from escalon.instruments.activity.bilag_2004.grade import System
from escalon.instruments.activity.bilag_2004.haematological import (
    attribution_asked,
    attribution_open,
    haematological,
    table,
)
from escalon.instruments.activity.bilag_2004.renal import Renal, renal
from escalon.instruments.activity.bilag_2004.systems import constitutional, rated_system
from escalon.instruments.kit.instrument import Items, Outcome, instrument


@instrument(
    "BILAG-2004",
    source="Isenberg 2005, doi:10.1093/rheumatology/keh624; Yee 2007, Arthritis Rheum 56:4113 (PMC2659367); numeric score "
    "Yee 2010, doi:10.1093/rheumatology/keq026; form and scoring revised 2009 and 2010",
    items=ITEMS,
    when_missing=Status.INDETERMINATE,
    version=f"2009-09-01+{table().version}",
    code="BILAG04",
    notes="The record speaks of ten domains; no published version has ten, so nine are graded (query Q-BILAG-DOMAINS). "
    "A fall of urine protein by exactly 25 % is a fall, as the text has it; a registry's code takes it as none for the ratio "
    "to creatinine and for 24-hour protein, and asks for no fall at all in category C. Which musculoskeletal and "
    "cardiorespiratory items lead to which grade, and the limits of the haematological table, rest on secondary sources.",
)
def bilag_2004(
    it: Items,
    *,
    first_visit: Literal["written", "registry"] = "written",
    missing: Literal["strict", "assume_absent"] = "strict",
) -> Outcome:
    """Lupus activity in nine systems, A (needs high-dose treatment) to E (never involved); the value is their sum, 0–108."""
    kidney = renal(it, first_visit)
    strict = _systems(it, kidney)
    systems = strict if missing == "strict" else {name: one.with_missing_absent() for name, one in strict.items()}
    letters = {name: one.letter(_involved_before(it, name, missing)) for name, one in systems.items()}
    a = [one.a for one in systems.values()]
    return Outcome(
        total(one.points for one in systems.values()),
        category=_overall(it, systems, missing),
        parts=letters
        | {
            "n_a": count(letter == "A" for letter in letters.values()),
            "n_b": count(letter == "B" for letter in letters.values()),
            "n_not_assessable": count(negated(one.assessed) for one in systems.values()),
            "eligible": any_of(*a, at_least(2, *(one.at_least_b for one in systems.values()))),
        }
        | {f"renal_{name}": met for name, met in kidney.features.items()},
        flags=_flags(it, strict, kidney, missing),
        asked_when={f"previous_{name}": negated(one.at_least_c) for name, one in systems.items()}
        | kidney.asked
        | attribution_asked(it),
    )


def _systems(it: Items, kidney: Renal) -> dict[str, System]:
    rated = {name: rated_system(it, name) for name in RATED}
    return (
        {"constitutional": constitutional(it)} | rated | {"renal": kidney.system, "haematological": haematological(it)}
    )


def _involved_before(it: Items, name: str, missing: str) -> Any:
    before = it[f"previous_{name}"]
    return before if missing == "strict" else case(known(before), before, False)


def _overall(it: Items, systems: Mapping[str, System], missing: str) -> Any:
    """The highest grade of any system."""
    some_a = any_of(one.a for one in systems.values())
    some_b = any_of(one.at_least_b for one in systems.values())
    some_c = any_of(one.at_least_c for one in systems.values())
    before = any_of(_involved_before(it, name, missing) for name in systems)
    return case(some_a, "A", some_b, "B", some_c, "C", before, "D", "E")


def _points_at_least(it: Items, first_visit: str) -> Any:
    """The renal points of what is known under a policy for the first visit."""
    return renal(it, first_visit).system.with_missing_absent().points


def _flags(it: Items, strict: Mapping[str, System], kidney: Renal, missing: str) -> dict[str, tuple[Any, str]]:
    found = {
        "first_visit_policy": (
            _points_at_least(it, "written") != _points_at_least(it, "registry"),
            "a renal value has no preceding one by the same method, and the two policies for that grade it differently",
        ),
        "attribution_required": (
            any_of(kidney.attribution_open, attribution_open(it)),
            "an abnormal value between lymphodepletion and recovery: say whether it is due to lupus",
        ),
    }
    if not table().confirmed:
        found["rule_unconfirmed"] = (
            strict["haematological"].assessed,
            f"the haematological grade rests on {table().version}, not yet checked against the official scoring sheet",
        )
    if missing == "assume_absent":
        found["imputed_absent"] = (
            any_of(one.unsettled for one in strict.values()),
            "what was not recorded is taken as absent",
        )
    return found
