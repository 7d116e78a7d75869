"""What lint finds in the plan: doses, roles, toxicity, gaps, the schedule and what its outcomes need."""

from collections.abc import Iterator
from itertools import pairwise

from escalon.expressions.events import Pick
from escalon.expressions.tree import Node, Op
from escalon.facts import plain
from escalon.instruments.safety.ctcae.terms import UnknownTerm, find_event
from escalon.protocol.design import decision_table, dose_rule, in_days
from escalon.protocol.remarks import Remark, told
from escalon.protocol.study import Endpoint, Place, Study
from escalon.safety.dlt_clauses import is_gradable


def _dose(study: Study) -> Iterator[Remark]:
    dose = study.dose
    for one, other in pairwise(dose.levels):
        if dose.window(one)[1] >= dose.window(other)[0]:
            what = f"± {plain(dose.tolerance * 100)} % of level {one.number} reaches into level {other.number}"
            yield told("overlap", f"level {other.number}", what, other.place, "narrow the tolerance", "error")
    most = 2 * dose.cohort_size * len(dose.levels)
    is_3_plus_3 = dose.rule.startswith(("3+3", "three"))
    if is_3_plus_3 and dose.cap < most:
        what = f"at most {dose.cap} may be enrolled, but a 3+3 over {len(dose.levels)} levels may need {most}"
        yield told("cap", "dose", what, dose.place, "raise the cap, or accept that the trial may end early")
    yield from _table_ends(study)
    if study.target != study.most:
        each = " for each stratum" if dose.strata is not None else ""
        what = f"the target is {study.target} participants and the cap {dose.cap}{each}"
        yield told("cap", "dose", what, dose.place, "say in an assumption which of the two counts")


def _table_ends(study: Study) -> Iterator[Remark]:
    """A decision table of the study's own that says nothing of counts which whole cohorts reach."""
    if not decision_table(study) or "stop_at=" in study.dose.rule:
        return
    rule, size = dose_rule(study), study.dose.cohort_size
    while not hasattr(rule, "table"):  # the guards over it
        rule = rule.rule  # type: ignore[union-attr]
    table = rule.table
    silent = [n for n in range(size, study.dose.cap + 1, size) if n > table.up_to or table.given[n] is None]
    if silent:
        what = f"the decision table says nothing of {silent[0]} at a level, which cohorts of {size} up to the cap reach"
        yield told("cap", "dose", what, study.dose.place, "add rows to the table, or write `stop_at` in the rule")


def _roles(study: Study) -> Iterator[Remark]:
    """The days and acts that every decision rests on must be facts of this study."""
    needed = {
        "consent": "nobody may be screened before it",
        "infusion": "every window counts from it",
        "left": "whoever left is not evaluable",
    }
    if study.lymphodepletion is not None:
        needed["conditioning"] = "no cells are given before it, and baselines lie before it"
    if study.dose.window_review == "required":
        needed["dlt_review"] = "window_review is required"
    for role, why in needed.items():
        if getattr(study.roles, role) is None:
            what, do = f"no fact plays the role {role}: {why}", f"write [roles] {role} = the name of a fact"
            yield told("role", role, what, study.roles.place, do)
    if all(study.roles.of(role) is None for role in study.baseline.before):
        what = f"no fact dates {' or '.join(study.baseline.before)}, so no value is a baseline"
        yield told("role", "baseline", what, study.roles.place, "name one in [roles]")
    if study.zone is None:
        what = "no time zone: which day a moment belongs to is not known"
        yield told("gap", "zone", what, Place(), 'write zone = "Asia/Shanghai", or your own, in [study]')


def _near_term(term: str) -> str:
    """The term of CTCAE that an everyday name means; empty where none is near."""
    try:
        return f"write {find_event(term).name}"
    except UnknownTerm as error:
        return str(error).partition("v5.0. ")[2].replace("Did", "did")


def _toxicity(study: Study) -> Iterator[Remark]:
    """A clause that can never be met looks like one that was never met; one met from the start is no toxicity."""
    for clause in study.dlt.events if study.dlt else ():
        for term in (one for one in clause.term if not clause.graded_by and not is_gradable(one)):
            what = f"nobody grades «{term}»: it is no term of CTCAE 5.0, no class of it, and no syndrome that is graded here"
            do = "write CRS, ICANS, IEC-HS, neutrophils, platelets, non_haematological, any, a term of CTCAE 5.0, or graded_by"
            yield told("unknown term", clause.id, what, clause.place, _near_term(term) or do)
        by_day = clause.not_recovered_by_day
        window = in_days(study.dose.dlt_window)
        if clause.longer_than_days is not None and clause.longer_than_days >= window:
            what = f"asks for more than {clause.longer_than_days} days, and the window of {study.dose.dlt_window} is over by then"
            yield told("beyond the window", clause.id, what, clause.place, "lengthen the window, or ask for fewer days")
        if by_day is not None and by_day > window:
            what = f"asks for recovery by day {by_day}, after the window of {study.dose.dlt_window} has closed"
            yield told("beyond the window", clause.id, what, clause.place, "lengthen the window, or ask earlier")
        for one in study.criteria if by_day is not None and clause.low_before == "asked" else ():
            if "platelets" in clause.term and clause.grade == 4 and _asks_below(one.tree, "platelets"):
                about = {each.id for each in study.assumptions_about(clause.id)} & {
                    each.id for each in study.assumptions_about(one.id)
                }
                what = (
                    f"{one.id} asks for low platelets, so grade 4 before treatment meets {clause.id} by itself; "
                    f"{', '.join(sorted(about)) or 'no assumption'} says how it is read"
                )
                yield told("met at baseline", clause.id, what, clause.place, "say how a low baseline counts")


def _asks_below(tree: Node, name: str) -> bool:
    """Whether a rule asks for a value of a fact below a limit."""
    if isinstance(tree, Op) and tree.name in ("lt", "le") and isinstance(tree.parts[0], Pick):
        return tree.parts[0].name == name
    return isinstance(tree, Op) and any(_asks_below(part, name) for part in tree.parts)


def _measures(study: Study) -> Iterator[Remark]:
    """What a visit measures must say what kind of value it is: a bare fact is a yes or no."""
    measured = {name for visit in study.visits for name in visit.measures} | {
        name for one in study.endpoints for name in one.measure
    }
    for name, known in study.vocabulary.items():
        unsaid = name in study.facts and "kind" not in study.facts[name].model_fields_set
        if name in measured and unsaid and known.origin == "study" and known.kind == "truth":
            what = f"{name} is measured at a visit, but has no kind, unit or range, so only yes or no could be recorded"
            do = 'write kind = "number" and unit = "…", or kind = "truth" where yes or no is meant'
            yield told("no kind", name, what, known.place, do)


def _gaps(study: Study) -> Iterator[Remark]:
    for key in study.dose.silent:
        what = f"the protocol is silent on {key.replace('_', ' ')}: nobody is dosed until it is decided"
        yield told("silent", "dose", what, study.dose.place, f"sign a decision, and write {key} in [dose]")
    if study.dlt is None:
        what = "dose-limiting toxicity is not defined"
        yield told("gap", "dlt", what, study.dose.place, "write [dlt] and its events", "error")
    elif not study.dlt.confirmed:
        what = "the definition of dose-limiting toxicity is a proposal nobody has confirmed"
        yield told("gap", "dlt", what, study.dlt.place, "confirm it with the sponsor, then confirmed = true")
    plan = study.lymphodepletion
    if plan is not None and plan.chosen is None:
        what = f"no regimen is chosen for {' and '.join(plan.drugs)}; no dose is calculated"
        offered = ", ".join([*plan.offers, *(one.id for one in plan.regimens)]) or "write [[lymphodepletion.regimen]]"
        yield told("gap", "lymphodepletion", what, plan.place, f"chosen = one of {offered}")
    for endpoint in study.endpoints:
        if not endpoint.at and endpoint.compare not in ("events", "course"):
            yield told("gap", endpoint.id, "has no visits", endpoint.place, "write at = [...]")


def _schedule(study: Study) -> Iterator[Remark]:
    after = sorted((one for one in study.visits if one.day >= 0), key=lambda one: one.day)
    for one, other in pairwise(after):
        if one.latest >= other.earliest:
            what = f"days {other.earliest} to {one.latest} belong to {one.id} and to {other.id}"
            yield told("overlap", other.id, what, other.place, "narrow a window")
    for endpoint in study.endpoints:
        for name in endpoint.measure:
            for visit in (one for one in study.visits if one.id in endpoint.at and name not in one.measures):
                what = f"{name} is compared at {visit.id}, where it is not measured"
                yield told("gap", endpoint.id, what, visit.place, f"add it to the measures of {visit.id}")


_CHANGES = ("change from baseline", "percent change", "best change")


def _collected(study: Study) -> Iterator[Remark]:
    """An outcome needs somebody to measure it, and people to be counted in."""
    measured = {name.partition(".")[0] for visit in study.visits for name in visit.measures}
    for one in study.endpoints:
        for name in one.measure if one.compare not in ("events", "course") else ():
            if study.visits and name.partition(".")[0] not in measured:
                do = f"add {name} to the measures of a visit"
                yield told("nobody collects", one.id, f"no visit measures {name}", one.place, do)
        if one.compare in _CHANGES and (name := _without_baseline(study, one)):
            what = f"{name} is compared with a baseline, and neither a visit before treatment nor a clause collects it"
            do = f"add {name} to the measures of a visit before day 0"
            yield told("gap", one.id, what, one.place, do)
        known = study.vocabulary.get(one.measure[0])
        if one.compare == "response" and one.improved_by is None and known is not None and known.unit is not None:
            what = f"{known.name} is a number, and nothing says from which change on it is a response"
            yield told("gap", one.id, what, one.place, "write improved_by, and which way is better")
        if "among" not in one.model_fields_set:
            what = f"does not say in whom: {one.among} is taken"
            yield told("no population", one.id, what, one.place, f'write among = "{one.among}", or another')


def _without_baseline(study: Study, one: Endpoint) -> str:
    """The first measure of an outcome that nobody collects before treatment; empty where each is."""
    before = {name for visit in study.visits if visit.day <= 0 for name in visit.measures}
    before |= {name for clause in study.criteria for name in clause.names}
    known = {name.partition(".")[0] for name in before}
    return next((name for name in one.measure if name.partition(".")[0] not in known), "")


PLAN = (_dose, _roles, _toxicity, _measures, _gaps, _schedule, _collected)
