"""How a CTCAE laboratory term is stated: its limits, what else may raise the grade, and the three grades that follow.

The most severe grade is tested first. A grade starts strictly beyond the milder limit and includes the more severe one:
`<LLN – 3.0` is 3.0 ≤ x < LLN. Fixed limits need no reference range; only grade 1 does, so a value that is better than every
fixed limit without a reference range has no grade, which is not grade 0.

Some terms need more than the number. Two kinds are told apart:

* a *split* is printed inside the range (125–129 mmol/L, symptomatic or not). Not recorded, it leaves the grade open;
* an *alternative* is a way of its own to a grade (`transfusion indicated`). Not recorded, the number decides, since a
  laboratory's report never carries it; `grade_worst` shows what it would be.

`grade_value` is what the number alone justifies, `grade_worst` the grade if everything not recorded were present.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from escalon.expressions.symbols import all_of, any_of, case, known, largest_known, negated, otherwise
from escalon.facts import Fact, Status
from escalon.facts.amount import unit_in
from escalon.instruments.kit.instrument import Instrument, Items, Outcome, instrument
from escalon.instruments.kit.item import Item, number, truth
from escalon.instruments.kit.ranges import with_ranges
from escalon.instruments.safety.ctcae.terms import Term

SOURCE = "NCI CTCAE v5.0, 27 Nov 2017"
VERSION = "CTCAE-5.0"
Unlikely = Annotated[bool, truth("no if not recorded", needed=False)]
"""What may be left out: a consequence that nobody recorded was not there."""


def of_term(title: str, where: str, **stated: Any) -> Callable[[Callable[..., Any]], Instrument]:
    """Make a function the grade of a term, with its place in CTCAE; while an item is missing the grade is a range."""
    return instrument(
        f"CTCAE v5.0: {title}",
        source=f"{SOURCE}, {where}",
        when_missing=Status.INDETERMINATE,
        version=VERSION,
        **stated,
    )


MODIFIERS = {
    "symptomatic": "symptoms due to the abnormal value",
    "intervention": "an intervention was started or is indicated",
    "hospitalised": "hospitalization is indicated because of it",
    "life_threatening": "life-threatening consequences",
    "transfusion": "a transfusion is indicated",
    "bleeding": "bleeding because of it",
    "consequences": "physiologic consequences",
    "anticoagulated": "on an anticoagulant",
    "leucostasis": "clinical manifestations of leucostasis",
    "steroids": "steroids were started for it",
    "dialysis": "dialysis or a renal transplant is indicated",
    "pulmonary_symptoms": "pulmonary symptoms with it, such as dyspnoea or hypoxia",
    "limits_instrumental": "it limits instrumental activities of daily living",
    "limits_self_care": "it limits self care",
    "torsade": "torsade de pointes, polymorphic ventricular tachycardia or signs of serious arrhythmia",
    "longer_than_24_h": "above 40.0 °C for more than 24 hours",
}
WHATEVER_THE_NUMBER = {"leucostasis", "dialysis", "torsade"}
"""What is the event itself: CTCAE's cell names it beside the number or without one, so that no number takes it back."""
LIMITS = {
    "lower": "lower limit of normal of the laboratory",
    "upper": "upper limit of normal of the laboratory",
    "baseline": "last value before the first dose of lymphodepletion",
}
Conditions = Mapping[int, Any]


@dataclass(frozen=True, slots=True)
class Quantity:
    """What is measured: its name, its unit, and the units that convert into it exactly."""

    name: str
    unit: str
    accepts: tuple[str, ...] = ()
    substance: str | None = None

    def item(self, about: str, **more: Any) -> Item:
        """An input in this quantity's unit."""
        asked = number(about, None, None, self.unit, accepts=self.accepts, substance=self.substance, **more)
        return with_ranges(asked, self.name)


@dataclass(frozen=True, slots=True)
class Laboratory:
    """One laboratory term in one system of units: from a value to the conditions of its grades.

    `conditions` is called with the inputs as symbols and returns, for each grade the number can reach, when it is reached
    or passed. `splits` and `alternatives` name modifiers; `selector` names one that chooses between two tables.
    """

    term: Term
    quantity: Quantity
    conditions: Callable[[Any], Conditions]
    limits: tuple[str, ...]
    splits: tuple[str, ...] = ()
    alternatives: Mapping[int, tuple[str, ...]] = field(default_factory=dict)
    selector: str | None = None
    more: Mapping[str, Item] = field(default_factory=dict)
    ratio_only: bool = False
    """Whether the limits are multiples only, so that any one unit does for all inputs."""
    needs_baseline: bool = False
    """Whether there is no grade without a baseline; otherwise it is judged without, flagged."""
    instead: str | None = None
    """Another input that may stand in for the value."""
    corrected: Callable[[Any], Any] | None = None
    """The value the limits apply to, where that is not the value as measured."""
    variant: str = ""
    """What sets this reading of the term apart from the usual one."""

    @property
    def name(self) -> str:
        """The instrument's name: `ctcae_platelet_count_decreased`, with the specimen, unit or reading where needed."""
        words = "".join(letter if letter.isalnum() else " " for letter in self.term.name.lower()).split()
        ionised = "ionised" if self.quantity.name == "ionised_calcium" else ""
        other = {"mg/dL": "mg_dl"} | ({"mmol/L": "mmol_l"} if self.quantity.name == "hemoglobin" else {})
        conventional = other.get(self.quantity.unit, "")
        return "_".join(["ctcae", *words, *filter(None, (ionised, conventional, self.variant))])

    @property
    def modifiers(self) -> tuple[str, ...]:
        """Every modifier that can change the grade."""
        chosen = (self.selector,) if self.selector else ()
        return (*chosen, *self.splits, *dict.fromkeys(name for some in self.alternatives.values() for name in some))


class Register:
    """The laboratory terms of one module, each with its instrument."""

    def __init__(self, module: str) -> None:
        self.module = module
        self.entries: dict[str, tuple[Laboratory, Instrument]] = {}

    def add(self, lab: Laboratory) -> None:
        """Make a term an instrument and keep both."""
        self.entries[lab.name] = (lab, laboratory_instrument(lab, self.module))

    def by_name(self) -> dict[str, Instrument]:
        """The instruments by name."""
        return {name: found for name, (_, found) in self.entries.items()}


def laboratory_instrument(lab: Laboratory, module: str) -> Instrument:
    """The term as an instrument with inputs `value`, `lower`, `upper`, `baseline` and the modifiers it knows."""

    def rule(it: Items, *, modifiers: Literal["recorded", "worst_case"] = "recorded") -> Outcome:
        return _outcome(lab, it, modifiers == "worst_case")

    rule.__module__, rule.__name__ = module, lab.name
    unit = "" if lab.quantity.unit == "1" else f" ({lab.quantity.unit})"
    rule.__doc__ = f"{lab.term.name}, CTCAE v5.0 grade from {lab.quantity.name}{unit}; {lab.term.system_class}."
    return instrument(
        f"CTCAE v5.0: {lab.term.name}",
        source=f"{SOURCE}, {lab.term.system_class}: {lab.term.name} (MedDRA {lab.term.code})",
        items=_items(lab),
        when_missing=Status.INDETERMINATE,
        version=VERSION,
        name=lab.name,
        adapt=lambda given: in_one_unit(lab, given),
    )(rule)


def _items(lab: Laboratory) -> dict[str, Item]:
    other = (lab.instead,) if lab.instead else ()
    items = {"value": lab.quantity.item(lab.quantity.name, missing_when=other)}
    for name in lab.limits:
        needed = name != "baseline" or lab.needs_baseline
        items[name] = lab.quantity.item(LIMITS[name], needed=needed, missing_when=other)
    items |= lab.more
    asked = {lab.selector, *lab.splits}
    return items | {name: truth(MODIFIERS[name], needed=name in asked) for name in lab.modifiers}


def in_one_unit(lab: Laboratory, given: Mapping[str, Any]) -> Mapping[str, Any]:
    """Limits and baseline take the unit of the value (or `unit=…`) unless they say otherwise, as on a laboratory report."""
    items = dict(given)
    unit = items.pop("unit", None)
    value = items.get("value")
    if isinstance(value, Fact):
        unit = unit or value.unit
        for name, limit in (("lower", value.lower), ("upper", value.upper)):
            if name in lab.limits and items.get(name) is None:
                items[name] = limit
    elif unit is None:
        unit = written_unit(value)
    if unit is None and lab.ratio_only and all(written_unit(items.get(name)) is None for name in lab.limits):
        unit = lab.quantity.unit
    for name in ("value", *lab.limits):
        if unit is not None and _is_bare(items.get(name)):
            items[name] = (items[name], unit)
    return items


def written_unit(value: Any) -> str | None:
    """The unit a value carries: `"9.9 g/dL"`, `(9.9, "g/dL")` or a fact's; None for a bare number."""
    match value:
        case str():
            return unit_in(value)
        case (_, str() as unit) | {"unit": str() as unit}:
            return unit
        case Fact():
            return value.unit
        case _:
            return None


def _is_bare(value: Any) -> bool:
    return value is not None and not isinstance(value, tuple | Mapping | Fact) and written_unit(value) is None


# ---- the three grades


def _outcome(lab: Laboratory, it: Items, worst_case: bool) -> Outcome:
    asked = {lab.selector, *lab.splits}

    def as_recorded(name: str) -> Any:
        if worst_case and name in lab.splits:
            return otherwise(it[name], True)
        return it[name] if name in asked else otherwise(it[name], False)

    alone = _grade(lab, it, lambda name: otherwise(it[name], False))
    worst = _worst(lab, it)
    corrected = {"corrected_value": lab.corrected(it)} if lab.corrected else {}
    return Outcome(
        _grade(lab, it, as_recorded),
        parts={"grade_value": alone, "grade_worst": worst, **corrected},
        flags=_flags(lab, it, alone),
        asked_when=_asked_when(lab, it),
    )


def _asked_when(lab: Laboratory, it: Items) -> dict[str, Any]:
    """A symptom is asked for only where it decides; a baseline, for a table that is chosen, only with that table."""

    def grade_with(present: str | None) -> Any:
        return _grade(lab, it, lambda name: True if name == present else otherwise(it[name], False))

    asked = {name: grade_with(name) > grade_with(None) for name in lab.splits}
    if lab.selector:
        asked["baseline"] = otherwise(it[lab.selector], True)
    return asked


def _grade(lab: Laboratory, it: Items, modifier: Callable[[str], Any]) -> Any:
    corrected = {"value": lab.corrected(it)} if lab.corrected else {}
    inputs = Items({**it, **{name: modifier(name) for name in lab.modifiers}, **corrected})
    by_number = lab.conditions(inputs)
    present = any_of(*by_number.values())
    conditions: dict[int, Any] = {}
    for grade in (4, 3, 2, 1):
        ways = [by_number[grade]] if grade in by_number else []
        for name in lab.alternatives.get(grade, ()):
            ways.append(inputs[name] if name in WHATEVER_THE_NUMBER else all_of(present, inputs[name]))
        if ways:
            conditions[grade] = any_of(*ways) if len(ways) > 1 else ways[0]
    return case(*(part for grade, condition in conditions.items() for part in (condition, grade)), 0)


def _worst(lab: Laboratory, it: Items) -> Any:
    def reading(selected: Any) -> Any:
        return _grade(lab, it, lambda name: selected if name == lab.selector else otherwise(it[name], True))

    if lab.selector is None:
        return reading(None)
    chosen = it[lab.selector]
    return case(known(chosen), reading(chosen), largest_known(reading(True), reading(False)))


def _flags(lab: Laboratory, it: Items, alone: Any) -> dict[str, tuple[Any, str]]:
    flags: dict[str, tuple[Any, str]] = {}
    if lab.splits:
        present = _grade(lab, it, lambda name: otherwise(it[name], name in lab.splits))
        names = ", ".join(lab.splits)
        flags["modifier_not_recorded"] = (present > alone, f"not recorded, and would raise the grade: {names}")
    if "baseline" in lab.limits:
        flags["baseline_missing"] = (negated(known(it.baseline)), "no value before lymphodepletion: judged without it")
    value = lab.corrected(it) if lab.corrected else it.value
    within = [value >= it.lower] if "lower" in lab.limits else []
    within += [value <= it.upper] if "upper" in lab.limits else []
    if within:
        flags["within_reference"] = (
            all_of(alone >= 1, *within),
            "graded by a fixed limit or against the baseline, although within the laboratory's reference range",
        )
    return flags
