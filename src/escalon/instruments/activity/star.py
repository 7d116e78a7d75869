"""STAR: the Sjögren's Tool for Assessing Response, 0–9 points for a visit against baseline; 5 or more is a response.

More points are more response. A record that says lower is better describes an activity score, not this tool. The set printed is
the paper's candidate STAR; «cSTAR» was not found as a tool of its own and is read as the same. CRESS is another tool.

Schirmer and ocular staining are means of both eyes here, and abnormal is < 5 mm and ≥ 3: the classification criteria judge each
eye, with ≤ 5 mm and ≥ 5.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Literal

from escalon.expressions.symbols import all_of, any_of, case, otherwise
from escalon.facts import Status
from escalon.instruments.activity.esspri import improved_by
from escalon.instruments.kit.change import fell_or_unevaluable
from escalon.instruments.kit.instrument import Items, Outcome, instrument
from escalon.instruments.kit.item import Item, at_baseline, integer, number, truth
from escalon.instruments.kit.points import Points, any_evaluable, awarded, together

RESPONSE = 5
_flow = number("unstimulated whole salivary flow", 0, None, "mL/min", accepts=("mL/15min", "mL/5min"))
AT_VISIT: dict[str, Item] = {
    "clinessdai": integer("ClinESSDAI", 0, 135, of="clinessdai"),
    "esspri": number("ESSPRI", 0, 10, of="esspri"),
    "schirmer": number("Schirmer test without anaesthetic, 5 min, mean of both eyes", 0, 35, "mm"),
    "staining": number("ocular staining score, mean of both eyes", 0, 12, also=("oss",)),
    "saliva_flow": replace(_flow, also=("uwsf",)),
    "ultrasound": number("salivary gland ultrasound, total Hočevar score", 0, 48, also=("us",)),
    "igg": number("immunoglobulin G", 0, None, "g/L", accepts=("mg/dL",), fact="igg"),
    "rf": number("rheumatoid factor, total or IgM, same assay", 0, None, "IU/mL", fact="rheumatoid_factor"),
}
ITEMS = (
    {f"{name}_baseline": at_baseline(name, item) for name, item in AT_VISIT.items()}
    | AT_VISIT
    | {"after_b_cell_directed_cells": truth("given anti-CD19 or anti-BCMA cells since baseline", needed=False)}
)
SOURCE = "Seror 2022, doi:10.1136/annrheumdis-2021-222054 (candidate STAR)"
NOTES = (
    "The source reads either way on «or» inside a domain and is silent on missing measures: here any evaluable measure may earn "
    "the point, an option fixes one measure, and a domain without an evaluable measure is unknown. A record "
    "that says lower is better is a slip."
)
STATED: dict[str, Any] = {
    "source": SOURCE, "items": ITEMS, "when_missing": Status.INDETERMINATE, "notes": NOTES,
    "unconfirmed": "«or» inside a domain and missing measures follow our rule; the source is silent",
}  # fmt: skip
Lachrymal = Literal["any", "schirmer", "staining"]
Salivary = Literal["any", "saliva_flow", "ultrasound"]
Biological = Literal["any", "igg", "rf"]


@instrument("STAR", code="STARRSP", also=("cstar",), **STATED)
def star(
    it: Items, *, lachrymal: Lachrymal = "any", salivary: Salivary = "any", biological: Biological = "any"
) -> Outcome:
    """Response in Sjögren disease: at least 5 of 9 points for improvement since baseline."""
    domains = _domains(it, lachrymal, salivary, biological)
    points = together(domains.values())
    others = together(domain for name, domain in domains.items() if name != "biological")
    responder = points.reach(RESPONSE)
    return Outcome(
        case(responder, "responder", "non_responder"),
        parts={**points.parts(), **{f"{name}_points": domain.total for name, domain in domains.items()}}
        | {
            "responder_without_biological": others.reach(RESPONSE),
            "response_missing_counted_as_no": otherwise(responder, False),
        },
        read_as=_read_as(domains),
        asked_when=_asked_when(lachrymal, salivary, biological),
        flags=_igg_depletion(it),
    )


@instrument("STAR points", code="STARPTS", also=("cstar_points",), **STATED)
def star_points(
    it: Items, *, lachrymal: Lachrymal = "any", salivary: Salivary = "any", biological: Biological = "any"
) -> Outcome:
    """Points of STAR, 0–9, for improvement of Sjögren disease since baseline; more is more response."""
    domains = _domains(it, lachrymal, salivary, biological)
    points = together(domains.values())
    return Outcome(
        points.total,
        bounds_of=("points_certain", "points_possible"),
        parts={**points.parts()} | {f"{name}_points": domain.total for name, domain in domains.items()},
        read_as=_read_as(domains),
        asked_when=_asked_when(lachrymal, salivary, biological),
        flags=_igg_depletion(it),
    )


def _domains(it: Items, lachrymal: str, salivary: str, biological: str) -> dict[str, Points]:
    def met(domain: str, single: str) -> Any:
        measures = {name: test(it[f"{name}_baseline"], it[name]) for name, test in MEASURES[domain].items()}
        return measures[single] if single != "any" else any_evaluable(*measures.values())

    return {
        "systemic": awarded(it.clinessdai_baseline - it.clinessdai >= 3, 3),
        "patient_reported": awarded(any_of(*improved_by(it.esspri_baseline, it.esspri)), 3),
        "lachrymal": awarded(met("lachrymal", lachrymal), 1),
        "salivary": awarded(met("salivary", salivary), 1),
        "biological": awarded(met("biological", biological), 1),
    }


def _schirmer(baseline: Any, now: Any) -> Any:
    return case(baseline < 5, now - baseline >= 5, now >= 5)


def _staining(baseline: Any, now: Any) -> Any:
    return case(baseline >= 3, baseline - now >= 2, now < 3)


def _flow_rose(baseline: Any, now: Any) -> Any:
    return case(baseline > 0, 100 * now >= 125 * baseline, now > 0)


def _fell(percent: int) -> Callable[[Any, Any], Any]:
    return lambda baseline, now: fell_or_unevaluable(baseline, now, percent)


# Seror 2022: the tests of the three one-point domains, baseline first.
MEASURES: dict[str, dict[str, Callable[[Any, Any], Any]]] = {
    "lachrymal": {"schirmer": _schirmer, "staining": _staining},
    "salivary": {"saliva_flow": _flow_rose, "ultrasound": _fell(25)},
    "biological": {"igg": _fell(10), "rf": _fell(25)},
}
DOMAIN_OF = {"clinessdai": "systemic", "esspri": "patient_reported"} | {
    measure: domain for domain, measures in MEASURES.items() for measure in measures
}


def _read_as(domains: dict[str, Points]) -> dict[str, Any]:
    """A measure is missed only where its domain stays unknown."""
    return {f"{name}{when}": domains[domain].total for name, domain in DOMAIN_OF.items() for when in ("", "_baseline")}


def _asked_when(lachrymal: str, salivary: str, biological: str) -> dict[str, Any]:
    chosen = {"lachrymal": lachrymal, "salivary": salivary, "biological": biological}
    unused = [name for domain, measures in MEASURES.items() for name in measures if chosen[domain] not in ("any", name)]
    return {f"{name}{when}": False for name in unused for when in ("", "_baseline")}


def _igg_depletion(it: Items) -> dict[str, tuple[Any, str]]:
    fell = fell_or_unevaluable(it.igg_baseline, it.igg, 10)
    return {
        "IGG_DEPLETION": (
            all_of(fell, it.after_b_cell_directed_cells),
            "IgG falls after B-cell-directed cells: see responder_without_biological",
        )
    }
