"""A study's parts as sentences: what the physician reads on screen, on the page and in the documents."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from escalon.facts import Duration, jsonable, plain
from escalon.instruments.product.dose import DoseAmount
from escalon.protocol.dlt_window import dlt_window_sentence
from escalon.protocol.study import (
    Anchor,
    Clause,
    Criterion,
    DltEvent,
    DosePlan,
    Endpoint,
    Level,
    Period,
    Place,
    Regimen,
    RegimenDrug,
    Said,
    Study,
    Visit,
    Watched,
)
from escalon.protocol.tables import Table


def criterion_sentence(criterion: Clause, study: Study) -> str:
    """What a clause asks, in words; an exclusion says what excludes."""
    from escalon.criteria import english

    sentence = english(criterion.tree, lambda name: _quoted(name, study))
    sentence = sentence.replace("the latest ", "").replace("10^9/L", "× 10⁹/L")
    start = 1 if sentence.startswith("«") else 0
    return f"{sentence[:start]}{sentence[start : start + 1].upper()}{sentence[start + 1 :]}."


def _quoted(name: str, study: Study) -> str:
    """A name within a sentence; in marks where it has a comma of its own, so that one sees where it ends."""
    words = name_in_words(name, study)
    return f"«{words}»" if ", " in words else words


def name_in_words(name: str, study: Study) -> str:
    """A fact or finding as the study calls it, without what stands in brackets."""
    known = study.vocabulary.get(name)
    return known.label.partition(" (")[0] if known else name.replace("_", " ")


def short_name(name: str, study: Study) -> str:
    """A measure for the head of a row: a fact without its scale, an instrument by its title."""
    known = study.vocabulary.get(name)
    words = name_in_words(name, study)
    return words if known is None or known.computed else words.partition(", ")[0]


def watched_sentence(clause: Watched, study: Study) -> str:
    """What must not happen, and when it is watched."""
    how_long = f"for {clause.until} from" if clause.until else "from"
    since = study.day_0 if clause.since == "infusion" else clause.since
    return f"{criterion_sentence(clause, study)} Watched {how_long} the {since} on."


def applies_to(criterion: Clause, study: Study) -> str:
    """For whom a clause is: a disease, `women`, `men`, or `everyone`."""
    if not criterion.applies_text:
        return "everyone"
    word = criterion.applies_text.rpartition(" is ")[2].strip()
    known = {one.id: one.name for one in study.diseases} | {"female": "women", "male": "men"}
    return known.get(word, criterion.applies_text)


def level_window(plan: DosePlan, level: Level) -> str:
    """The doses that count as a level: `0.8 to 1.2 × 10⁵ CAR-T cells/kg`, both included."""
    return level.amount.window_text(plan.tolerance)


def escalation_sentences(study: Study) -> tuple[str, ...]:
    """The rule that climbs the levels, and its limits, as the rule itself says them."""
    from escalon.escalation.backfill import WHILE_OPEN
    from escalon.escalation.calendar_guards import WholeCohortFirst
    from escalon.protocol.design import calendar_guards, dose_rule, is_timed

    _, *others = calendar_guards(study)
    waits = (
        "while it is open a participant without a DLT is pending, and counts as the rule says"
        if is_timed(study)
        else "while it is open the next decision waits, unless every possible completion leads to the same decision"
    )
    guards = (f"The DLT window is {dlt_window_sentence(study)}; {waits}.", *(guard.prose() for guard in others))
    held = any(isinstance(guard, WholeCohortFirst) for guard in others)
    rule = (one.replace(f" {WHILE_OPEN}", "") if held else one for one in dose_rule(study).prose())
    sentences = (*strata_sentence(study), *rule, *guards, *counting_sentences(study))
    return tuple(map(study.said, sentences))


def strata_sentence(study: Study) -> Iterator[str]:
    """That the parts of the trial escalate by themselves, where they do."""
    if study.dose.strata is not None:
        names = ", ".join(study.vocabulary[study.dose.strata].choices)
        yield f"Each of {names} ({study.dose.strata.replace('_', ' ')}) escalates by itself, by this rule and up to this cap."


def counting_sentences(study: Study) -> Iterator[str]:
    """What the study decided about doses and outcomes that no rule of escalation settles."""
    plan = study.dose
    if not plan.stopping and "stopping" not in plan.silent:
        yield "No rule but the rule of escalation stops the trial."
    if "off_dose" not in plan.silent:
        yield f"A dose outside its level's window: {_OFF_DOSE[plan.off_dose]}."
    if "split_within" not in plan.silent:
        within = "on one day" if not (plan.split_within and plan.split_within.number) else f"within {plan.split_within}"
        yield f"{'Bags' if study.gives_cells else 'What is'} given {within} {'are' if study.gives_cells else 'is'} one dose."
    if "retreatment" not in plan.silent:
        yield f"A later dose {_RETREATMENT[plan.retreatment]}."
    if plan.window_review == "required":
        yield "A closed window is one without a DLT only when the investigator has reviewed and signed it."
    if plan.override_valid is not None:
        yield f"A signed override may be used for {plan.override_valid}."


_OFF_DOSE = {
    "exclude unless DLT": "not evaluable for its level, unless there was a DLT, which counts",
    "count": "counts at the assigned level",
    "as treated": "counts at the level in whose window it lies, or not at all",
}
_RETREATMENT = {
    "not planned": "is not planned: it is a departure, and a DLT after it counts",
    "not counted": "is outside the window: only what follows the first dose counts",
    "counted": "has a window of its own, and counts",
}


def dlt_sentence(event: DltEvent) -> str:
    """One clause of the definition, with its exceptions."""
    text = f"{event.text[:1].upper()}{event.text[1:]}"
    return f"{text}; not counted: {', '.join(event.except_for)}." if event.except_for else f"{text}."


def regimen_sentence(regimen: Regimen) -> str:
    """A regimen in one line: `fludarabine 25 mg/m² on days −5, −4, −3; …`."""
    return "; ".join(
        f"{one.drug} {plain(one.mg_per_m2)} mg/m² on day{'s' if len(one.days) > 1 else ''} "
        f"{', '.join(day_text(day) for day in one.days)}"
        for one in regimen.drugs
    )


def offered_regimens(study: Study) -> Iterator[tuple[str, str]]:
    """Name and line of every lymphodepletion regimen that may be chosen."""
    plan = study.lymphodepletion
    if plan is None:
        return
    from escalon.instruments.product.lymphodepletion import REGIMENS

    for name in plan.offers:
        drugs = tuple(
            RegimenDrug.made(drug=one.drug, mg_per_m2=one.mg_per_m2, days=tuple(one.days))
            for one in REGIMENS[name].doses
        )
        yield name, regimen_sentence(Regimen.made(id=name, drugs=drugs))
    for own in plan.regimens:
        yield own.id, regimen_sentence(own)


def day_text(day: int) -> str:
    """A study day with a real minus sign."""
    return str(day).replace("-", "−")


def visit_window(visit: Visit) -> str:
    """A visit's day and how far it may move: `28 (25 to 31)`."""
    if visit.earliest == visit.latest:
        return day_text(visit.day)
    return f"{day_text(visit.day)} ({day_text(visit.earliest)} to {day_text(visit.latest)})"


_COMPARED = {
    "value": "the value",
    "change from baseline": "the change from baseline",
    "percent change": "the change from baseline in percent",
    "best change": "the best change from baseline so far",
    "response": "the share of responders",
    "events": "the number, how many participants have any, and the highest grade",
    "course": "the course over time",
}


def endpoint_sentence(endpoint: Endpoint, study: Study) -> str:
    """What is computed of an outcome, in whom, and at which visits."""
    measures = " and ".join(name_in_words(name, study) for name in endpoint.measure)
    names = [one.name for one in study.diseases if one.id in endpoint.diseases]
    people = study.said(f"{endpoint.population.replace('_', ' ').replace('dlt', 'DLT')} participants")
    whom = f"{people} with {' or '.join(names)}" if names else f"all {people}"
    when = f"; at {', '.join(endpoint.at)}" if endpoint.at else ""
    better = f"; {endpoint.better} is better" if endpoint.better != "neither" else ""
    return f"{measures[:1].upper()}{measures[1:]}: {_COMPARED[endpoint.compare]}, in {whom}{when}{better}."


def anchor_sentence(anchor: Anchor) -> str:
    """What a day that clauses refer to is, and what `at` it means."""
    if anchor.until == "anchor":
        start = f"the {anchor.days_before} days up to it" if anchor.days_before else "that day"
        return f"{anchor.label}; «at {anchor.name}» is {start}"
    before = f"from {anchor.days_before} days before it " if anchor.days_before else "from it "
    return f"{anchor.label}; «at {anchor.name}» is {before}up to the decision on eligibility"


def period_days(period: Period) -> str:
    """The days of a period: `day 29 to day 100`, `from day 101`, `the first day of lymphodepletion to day −1`."""
    first = f"the first day of {period.starts_at}" if period.starts_at else ""
    first = first or ("" if period.first_day is None else f"day {day_text(period.first_day)}")
    last = "" if period.last_day is None else f"day {day_text(period.last_day)}"
    if first and last:
        return f"{first} to {last}"
    return f"from {first}" if first else f"up to {last}" if last else "all days"


def study_json(study: Study) -> dict[str, Any]:
    """The whole study for scripts; rules as text, exact numbers as the nearest double."""
    found = {
        name: _plain(getattr(study, name)) for name in Study.model_fields if name not in ("record", "facts", "before")
    }
    found |= {"folder": study.folder.name, "baseline": str(study.baseline), "criteria": [], "endpoints": []}
    for name in ("criteria", "endpoints"):
        found[name] = [_plain(one) | {"assumed": list(study.assumed(one.id))} for one in getattr(study, name)]
    return found | {"vocabulary": _plain(study.vocabulary), "instruments": list(study.instruments)}


def _plain(value: Any) -> Any:
    if isinstance(value, Said):
        return list(value.pieces)
    if isinstance(value, Duration | Path):
        return str(value)
    if hasattr(value, "prose"):
        return value.prose()
    if isinstance(value, DoseAmount):
        return {"amount": jsonable(value.value), "unit": value.unit, "text": str(value)}
    if isinstance(value, Criterion):
        return {"kind": value.kind} | _fields(value)
    if isinstance(value, Level):
        return _fields(value) | {"amount": _plain(value.amount)}
    if isinstance(value, Table):
        return _fields(value)
    if isinstance(value, Place):
        return {"file": value.file, "line": value.line}
    if isinstance(value, tuple | list):
        return [_plain(part) for part in value]
    if hasattr(value, "items"):
        return {str(key): _plain(part) for key, part in value.items()}
    return jsonable(value)


def _fields(table: Table) -> dict[str, Any]:
    """A table's fields under their own names; the two ways to write a level's dose are one there."""
    hidden = ("written", "per_kilogram")
    return {name: _plain(getattr(table, name)) for name in type(table).model_fields if name not in hidden}
