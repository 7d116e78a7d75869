"""What is open or wrong in a study that can be read: assumptions to sign, gaps, contradictions, rules nobody can meet.

Every remark says where, what, and what to do. `error` must be mended before the study is used, `warning` wants a look,
`assumption` wants a signature.
"""

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import pairwise
from typing import Any, Literal, TypeAlias

from escalon.criteria import render
from escalon.expressions.events import Pick, Stated
from escalon.expressions.tree import Node, Op
from escalon.facts import plain
from escalon.protocol.design import in_days
from escalon.protocol.load import not_in_force
from escalon.protocol.names import anchors_in, leaves, names_in
from escalon.protocol.reach import Conflict, conflicts, idle
from escalon.protocol.study import Criterion, Endpoint, Place, Study
from escalon.protocol.trace import trace
from escalon.safety.dlt_clauses import is_gradable

Severity: TypeAlias = Literal["error", "warning", "assumption"]

IDS = {
    "unknown name": "L01", "unreachable": "L02", "always true": "L03", "implied": "L04", "duplicate": "L05",
    "no record": "L06", "not traced": "L07", "misquoted": "L08", "no words": "L09",
    "overlap": "L10", "cap": "L11", "role": "L12", "unknown term": "L13", "beyond the window": "L14",
    "met at baseline": "L15", "no kind": "L16", "history": "L17", "silent": "L18", "gap": "L19", "no remedy": "L20",
    "excluded and asked for": "L21", "nobody collects": "L22", "no population": "L23",
    "words only": "L24", "not in force": "L25", "old signature": "L26", "asked once": "L27",
    "silence": "L90", "contradiction": "L91", "wording": "L92",
}  # fmt: skip
"""The id of each kind of remark; docs/lint.md explains each and says how it is mended."""


@dataclass(frozen=True, slots=True)
class Remark:
    """One thing to look at: how grave, of what kind, about what, what to do, and where it stands."""

    severity: Severity
    kind: str
    about: str
    what: str
    do: str
    place: Place

    @property
    def id(self) -> str:
        """The id under which docs/lint.md explains it."""
        return IDS[self.kind]

    def as_json(self) -> dict[str, Any]:
        """The remark for scripts."""
        return {
            "id": self.id, "severity": self.severity, "kind": self.kind, "about": self.about, "what": self.what, "do": self.do,
            "file": self.place.file, "line": self.place.line,
        }  # fmt: skip


def lint(study: Study, signed: frozenset[str] = frozenset()) -> tuple[Remark, ...]:
    """Every remark on a study: errors first, then warnings, then assumptions nobody has `signed`."""
    checks = (
        _names,
        _unreachable,
        _idle,
        _duplicates,
        _record,
        _dose,
        _roles,
        _toxicity,
        _measures,
        _labels,
        _histories,
        _asked_once,
        _gaps,
        _schedule,
        _collected,
        _facts,
        _overlaps,
        _readings,
    )
    found = [remark for check in checks for remark in check(study)]
    found += [remark for remark in _assumptions(study) if remark.about not in signed.union(study.signed)]
    order = {"error": 0, "warning": 1, "assumption": 2}
    return tuple(sorted(found, key=lambda one: order[one.severity]))


def _assumptions(study: Study) -> Iterator[Remark]:
    for one in study.assumptions:
        do = f"sign it or an alternative, `escalon study sign`: {one.signer}"
        yield Remark("assumption", one.kind, one.id, f"{one.question} Assumed: {one.default}", do, one.place)


def _readings(study: Study) -> Iterator[Remark]:
    """Every alternative is switched on by somebody some day, and every signature is under words that still stand."""
    for one in study.assumptions:
        for number, other in enumerate(one.alternatives, start=1):
            if not other.is_coded and not other.words_only:
                what = f"alternative {number} («{other.says}») is words only and does not say why"
                do = "write what the folder says instead (rules, instead, without), or words_only = why nothing can"
                yield Remark("warning", "words only", one.id, what, do, one.place)
    for one, number, why in not_in_force(study):
        what = f"alternative {number} cannot be put in force: {why}"
        yield Remark("error", "not in force", one.id, what, "correct what it says instead", one.place)
    for answer in study.answers:
        if answer.assumption not in study.signed:
            what = f"{answer.by} signed other words on {answer.on}: the assumption was changed since"
            do = f"sign again: escalon study sign FOLDER {answer.assumption}"
            yield Remark("error", "old signature", answer.assumption, what, do, answer.place)


def _names(study: Study) -> Iterator[Remark]:
    from escalon.instruments import catalogue

    for name in study.awaited:
        close = get_close_matches(name, [*study.vocabulary, *catalogue()], 1, 0.75)
        hint = _COMMON.get(name) or (
            f"did you mean {close[0]}?" if close else f"declare it as [fact.{name}] with its kind"
        )
        for where, place in _users(study, name):
            what = f"{name} is neither in the vocabulary nor an instrument"
            yield Remark("error", "unknown name", where, what, hint, place)


_COMMON = {"sex": 'declare [fact.sex] with choices = ["female", "male"]'}
"""What to write where the usual fact is not declared."""


def _users(study: Study, name: str) -> Iterator[tuple[str, Place]]:
    for criterion in study.clauses:
        if any(name in names_in(tree) for tree in criterion.trees):
            yield criterion.id, criterion.place
    for endpoint in study.endpoints:
        if name in endpoint.measure:
            yield endpoint.id, endpoint.place
    for visit in study.visits:
        if name in visit.measures:
            yield visit.id, visit.place


def _unreachable(study: Study) -> Iterator[Remark]:
    for conflict in conflicts(study):
        yield _conflict(conflict)


def _conflict(conflict: Conflict) -> Remark:
    last = conflict.criteria[-1]
    ids = " and ".join(one.id for one in conflict.criteria)
    do = (
        "correct a limit, or `applies`" if len(conflict.criteria) > 1 else "correct the limit, or the range of the fact"
    )
    return Remark("error", "unreachable", ids, conflict.what, do, last.place)


def _idle(study: Study) -> Iterator[Remark]:
    """A clause that can decide nothing is a slip, or its limit is."""
    for one in idle(study):
        kind = "always true" if len(one.criteria) == 1 else "implied"
        do = "correct the limit, or the range of the fact" if kind == "always true" else "keep the stricter of the two"
        yield Remark("warning", kind, one.criteria[0].id, one.what, do, one.criteria[0].place)


def _duplicates(study: Study) -> Iterator[Remark]:
    seen: dict[tuple[str, str, str], Criterion] = {}
    for one in study.criteria:
        key = (one.kind, render(one.tree), render(one.applies) if one.applies is not None else "")
        if key in seen:
            what = f"asks the same as {seen[key].id}: {render(one.tree)}"
            yield Remark("warning", "duplicate", one.id, what, "keep one of the two", one.place)
        seen.setdefault(key, one)
    for one in study.inclusion:
        for other in study.exclusion:
            if one.tree == other.tree and (one.applies is None or one.applies == other.applies):
                what = f"is required by {one.id} and excluded by {other.id}: nobody can enter"
                yield Remark("error", "unreachable", f"{one.id} and {other.id}", what, "remove one", other.place)


def _record(study: Study) -> Iterator[Remark]:
    if not study.record:
        place = Place("record.txt", 1)
        yield Remark(
            "warning", "no record", "record", "there is no record.txt", "copy the registry's words into it", place
        )
        return
    found = trace(study)
    for one in found.uncovered:
        what = f"nothing quotes «{one.missing}» of «{one.clause.text}»"
        yield Remark(
            "error",
            "not traced",
            one.clause.id,
            what,
            "quote it in `says` of what implements it; where it is a heading, begin its line in record.txt with #",
            Place("record.txt", 1 + study.record.count("\n", 0, one.clause.start)),
        )
    for part, piece in found.misquoted:
        what = f"says «{piece}», which is not in record.txt"
        yield Remark("error", "misquoted", part.id, what, "copy the registry's words letter for letter", Place())
    for criterion in study.criteria:
        if not criterion.says:
            yield Remark(
                "warning", "no words", criterion.id, "quotes nothing of the record", "add `says`", criterion.place
            )


def _dose(study: Study) -> Iterator[Remark]:
    dose = study.dose
    for one, other in pairwise(dose.levels):
        if dose.window(one)[1] >= dose.window(other)[0]:
            what = f"± {plain(dose.tolerance * 100)} % of level {one.number} reaches into level {other.number}"
            yield Remark("error", "overlap", f"level {other.number}", what, "narrow the tolerance", other.place)
    most = 2 * dose.cohort_size * len(dose.levels)
    is_3_plus_3 = dose.rule.startswith(("3+3", "three"))
    if is_3_plus_3 and dose.cap < most:
        what = f"at most {dose.cap} may be enrolled, but a 3+3 over {len(dose.levels)} levels may need {most}"
        yield Remark(
            "warning", "cap", "dose", what, "raise the cap, or accept that the trial may end early", dose.place
        )
    if study.target != study.most:
        each = " for each stratum" if dose.strata is not None else ""
        what = f"the target is {study.target} participants and the cap {dose.cap}{each}"
        yield Remark("warning", "cap", "dose", what, "say in an assumption which of the two counts", dose.place)


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
            yield Remark("error", "role", role, what, do, study.roles.place)
    if all(study.roles.of(role) is None for role in study.baseline.before):
        what = f"no fact dates {' or '.join(study.baseline.before)}, so no value is a baseline"
        yield Remark("error", "role", "baseline", what, "name one in [roles]", study.roles.place)
    if study.zone is None:
        what = "no time zone: which day a moment belongs to is not known"
        yield Remark("warning", "gap", "zone", what, 'write zone = "Asia/Shanghai", or your own, in [study]', Place())


def _toxicity(study: Study) -> Iterator[Remark]:
    """A clause that can never be met looks like one that was never met; one met from the start is no toxicity."""
    for clause in study.dlt.events if study.dlt else ():
        for term in (one for one in clause.term if not is_gradable(one)):
            what = f"nobody grades «{term}»: it is no term of CTCAE 5.0, no class of it, and no syndrome that is graded here"
            do = "write CRS, ICANS, IEC-HS, neutrophils, platelets, non_haematological, any, or a term of CTCAE 5.0"
            yield Remark("error", "unknown term", clause.id, what, do, clause.place)
        by_day = clause.not_recovered_by_day
        window = in_days(study.dose.dlt_window)
        if clause.longer_than_days is not None and clause.longer_than_days >= window:
            what = f"asks for more than {clause.longer_than_days} days, and the window of {study.dose.dlt_window} is over by then"
            yield Remark(
                "error",
                "beyond the window",
                clause.id,
                what,
                "lengthen the window, or ask for fewer days",
                clause.place,
            )
        if by_day is not None and by_day > window:
            what = f"asks for recovery by day {by_day}, after the window of {study.dose.dlt_window} has closed"
            yield Remark(
                "error", "beyond the window", clause.id, what, "lengthen the window, or ask earlier", clause.place
            )
        for one in study.criteria if by_day is not None else ():
            if "platelets" in clause.term and clause.grade == 4 and _asks_below(one.tree, "platelets"):
                about = {each.id for each in study.assumptions_about(clause.id)} & {
                    each.id for each in study.assumptions_about(one.id)
                }
                what = (
                    f"{one.id} asks for low platelets, so grade 4 before treatment meets {clause.id} by itself; "
                    f"{', '.join(sorted(about)) or 'no assumption'} says how it is read"
                )
                yield Remark(
                    "warning", "met at baseline", clause.id, what, "say how a low baseline counts", clause.place
                )


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
            yield Remark(
                "error",
                "no kind",
                name,
                what,
                'write kind = "number" and unit = "…", or kind = "truth" where yes or no is meant',
                known.place,
            )


def _labels(study: Study) -> Iterator[Remark]:
    """A label without choices takes any text, and a rule that asks for one word is met only by that very text."""
    for one in study.criteria:
        for pick in (leaf for tree in one.trees for leaf in leaves(tree) if isinstance(leaf, Pick)):
            known = study.vocabulary.get(pick.name)
            if known is not None and known.kind == "label" and not known.choices and known.origin == "study":
                what = f"{pick.name} is a label without choices: whatever else is written in data is another word"
                do = f"write choices in [fact.{pick.name}]"
                yield Remark("error", "no kind", one.id, what, do, one.place)


_HISTORY = re.compile(
    r"\b(?:history|prior|previous|previously|past|ever|had|allergy|allergies|allergic|anaphyla\w*|stroke|infarct\w*"
    r"|transplant\w*|splenectomy|malignan\w*|cancer)\b",
    re.IGNORECASE,
)
"""Words of a name or a label that tell of something that lasts, however long ago it was."""


def _histories(study: Study) -> Iterator[Remark]:
    """A history lasts: asked «at screening», a later «no» would undo an earlier «yes»."""
    for one in study.criteria:
        for leaf in (leaf for tree in one.trees for leaf in leaves(tree)):
            if not isinstance(leaf, Stated) or (known := study.vocabulary.get(leaf.name)) is None or known.computed:
                continue
            if known.kind == "truth" and _HISTORY.search(f"{leaf.name.replace('_', ' ')} {known.label}"):
                what = f"{leaf.name} is a history, but the last statement decides: a later «no» undoes an earlier «yes»"
                do = f'write rule = "any {leaf.name} ever", and kind = "event" in [fact.{leaf.name}]'
                yield Remark("warning", "history", one.id, what, do, one.place)


def _asked_once(study: Study) -> Iterator[Remark]:
    """A window up to treatment runs on after the decision, and a clause that is asked once does not see the end of it."""
    treatment = {name for name in (study.roles.conditioning, study.roles.infusion) if name is not None}
    for one in study.criteria:
        anchors = [name for name in anchors_in(one.tree) if study.anchors[name].fact in treatment]
        if anchors and one.until == "decision":
            what = f"reads up to {' and '.join(anchors)}, and is asked about the day of decision only"
            do = 'write until = "infusion", so that it is asked again on each day up to it'
            yield Remark("warning", "asked once", one.id, what, do, one.place)


def _gaps(study: Study) -> Iterator[Remark]:
    for key in study.dose.silent:
        what = f"the protocol is silent on {key.replace('_', ' ')}: nobody is dosed until it is decided"
        yield Remark("warning", "silent", "dose", what, f"sign a decision, and write {key} in [dose]", study.dose.place)
    if study.dlt is None:
        yield Remark(
            "error",
            "gap",
            "dlt",
            "dose-limiting toxicity is not defined",
            "write [dlt] and its events",
            study.dose.place,
        )
    elif not study.dlt.confirmed:
        what = "the definition of dose-limiting toxicity is a proposal nobody has confirmed"
        yield Remark(
            "warning", "gap", "dlt", what, "confirm it with the sponsor, then confirmed = true", study.dlt.place
        )
    plan = study.lymphodepletion
    if plan is not None and plan.chosen is None:
        what = f"no regimen is chosen for {' and '.join(plan.drugs)}; no dose is calculated"
        offered = ", ".join([*plan.offers, *(one.id for one in plan.regimens)]) or "write [[lymphodepletion.regimen]]"
        yield Remark("warning", "gap", "lymphodepletion", what, f"chosen = one of {offered}", plan.place)
    for endpoint in study.endpoints:
        if not endpoint.at and endpoint.compare not in ("events", "course"):
            yield Remark("warning", "gap", endpoint.id, "has no visits", "write at = [...]", endpoint.place)


def _schedule(study: Study) -> Iterator[Remark]:
    after = sorted((one for one in study.visits if one.day >= 0), key=lambda one: one.day)
    for one, other in pairwise(after):
        if one.latest >= other.earliest:
            what = f"days {other.earliest} to {one.latest} belong to {one.id} and to {other.id}"
            yield Remark("warning", "overlap", other.id, what, "narrow a window", other.place)
    for endpoint in study.endpoints:
        for name in endpoint.measure:
            for visit in (one for one in study.visits if one.id in endpoint.at and name not in one.measures):
                what = f"{name} is compared at {visit.id}, where it is not measured"
                yield Remark("warning", "gap", endpoint.id, what, f"add it to the measures of {visit.id}", visit.place)


_CHANGES = ("change from baseline", "percent change", "best change")


def _collected(study: Study) -> Iterator[Remark]:
    """An outcome needs somebody to measure it, and people to be counted in."""
    measured = {name.partition(".")[0] for visit in study.visits for name in visit.measures}
    for one in study.endpoints:
        for name in one.measure if one.compare not in ("events", "course") else ():
            if study.visits and name.partition(".")[0] not in measured:
                do = f"add {name} to the measures of a visit"
                yield Remark("error", "nobody collects", one.id, f"no visit measures {name}", do, one.place)
        if one.compare in _CHANGES and (name := _without_baseline(study, one)):
            what = f"{name} is compared with a baseline, and neither a visit before treatment nor a clause collects it"
            do = f"add {name} to the measures of a visit before day 0"
            yield Remark("warning", "gap", one.id, what, do, one.place)
        known = study.vocabulary.get(one.measure[0])
        if one.compare == "response" and one.improved_by is None and known is not None and known.unit is not None:
            what = f"{known.name} is a number, and nothing says from which change on it is a response"
            yield Remark("warning", "gap", one.id, what, "write improved_by, and which way is better", one.place)
        if "among" not in one.model_fields_set:
            what = f"does not say in whom: {one.among} is taken"
            yield Remark(
                "warning", "no population", one.id, what, f'write among = "{one.among}", or another', one.place
            )


def _without_baseline(study: Study, one: Endpoint) -> str:
    """The first measure of an outcome that nobody collects before treatment; empty where each is."""
    before = {name for visit in study.visits if visit.day <= 0 for name in visit.measures}
    before |= {name for clause in study.criteria for tree in clause.trees for name in names_in(tree)}
    known = {name.partition(".")[0] for name in before}
    return next((name for name in one.measure if name.partition(".")[0] not in known), "")


def _facts(study: Study) -> Iterator[Remark]:
    used = {name for one in study.criteria for tree in one.trees for name in names_in(tree)}
    for name in sorted(used & set(study.vocabulary)):
        known = study.vocabulary[name]
        if not known.settle and known.origin == "study" and not known.computed and known.kind != "treatment":
            what = f"{name} decides eligibility, but nothing says how to obtain it"
            yield Remark("warning", "no remedy", name, what, 'write settle = "…"', known.place)
    for anchor in study.anchors.values():
        if anchor.fact not in study.vocabulary:
            what = f"the anchor rests on {anchor.fact}, which is not in the vocabulary"
            yield Remark("error", "unknown name", anchor.name, what, f"declare [fact.{anchor.fact}]", anchor.place)


def _overlaps(study: Study) -> Iterator[Remark]:
    """A drug whose class is asked for by an inclusion and excluded by another clause."""
    wanted: dict[str, list[str]] = defaultdict(list)
    barred: dict[str, list[str]] = defaultdict(list)
    for one in study.criteria:
        for name in names_in(one.tree):
            for drug in study.vocabulary[name].members if name in study.vocabulary else ():
                (wanted if one.kind == "inclusion" else barred)[drug].append(one.id)
    about = {one for assumption in study.assumptions for one in assumption.about}
    for drug in sorted(set(wanted) & set(barred)):
        if not set(barred[drug]) <= about:
            ids = ", ".join(dict.fromkeys([*wanted[drug], *barred[drug]]))
            what = f"{drug} is asked for and excluded"
            yield Remark(
                "warning",
                "excluded and asked for",
                ids,
                what,
                "say in an assumption which prevails",
                study.criterion(barred[drug][0]).place,
            )
