"""What a study refers to must be there: ids once, facts, roles, anchors, visits, outcomes; of its doses, `dose_references`."""

from collections.abc import Callable, Iterable, Iterator
from difflib import get_close_matches
from functools import partial
from typing import Any, TypeAlias, get_args

from escalon.expressions.tree import Node
from escalon.facts import UnitError, factor, plain
from escalon.protocol.dose_references import DOSES
from escalon.protocol.errors import Problem
from escalon.protocol.folder import KeyPath, Sources
from escalon.protocol.kinds import described, misuses, place_of
from escalon.protocol.names import anchors_in, names_in, nearest
from escalon.protocol.schedule import HAPPENINGS, POPULATIONS
from escalon.protocol.study import Clause, FactDefinition, Place, RoleName, Study
from escalon.protocol.vocabulary import instrument_facts

TOPICS = ("identity", "record", "dose", "dlt", "schedule", "lymphodepletion", "product", "arm", "location", "baseline")
"""What an assumption may be about besides ids."""


def check_references(study: Study, sources: Sources, of_its_reading: bool = True) -> list[Problem]:
    """Every reference of a study that leads nowhere; under another reading, only what runs is looked at again."""
    checks = (*_CHECKS, *_READING) if of_its_reading else _CHECKS
    return [problem for check in checks for problem in check(study, sources)]


def ids_of(study: Study) -> dict[str, str]:
    """Every id an assumption or statement may name, and what it is."""
    found = dict.fromkeys(TOPICS, "topic")
    found |= {one.id: one.kind for one in study.criteria}
    found |= {one.id: "watched" for one in study.watched}
    found |= {one.id: "endpoint" for one in study.endpoints}
    found |= {f"level {one.number}": "dose level" for one in study.dose.levels}
    found |= {one.id: "visit" for one in study.visits}
    found |= {one.id: "arm" for one in study.arms}
    found |= {one.id: "disease" for one in study.diseases}
    found |= {one.id: "assumption" for one in study.assumptions}
    found |= {one.id: "DLT event" for one in (study.dlt.events if study.dlt else ())}
    return found | {one.id: "statement" for one in study.statements}


def _tables(study: Study) -> Iterator[tuple[KeyPath, str]]:
    """The path and the id of every table that has one."""
    for kind in ("inclusion", "exclusion"):
        for number, one in enumerate(criterion for criterion in study.criteria if criterion.kind == kind):
            yield (kind, number), one.id
    named: dict[str, Iterable[Any]] = {
        "watched": study.watched, "disease": study.diseases, "arm": study.arms, "endpoint": study.endpoints,
        "visit": study.visits, "period": study.periods, "assumption": study.assumptions, "statement": study.statements,
    }  # fmt: skip
    for name, tables in named.items():
        for number, table in enumerate(tables):
            yield (name, number), table.id


def _twice(study: Study, sources: Sources) -> Iterator[Problem]:
    seen: dict[str, KeyPath] = {}
    for path, name in _tables(study):
        if name in seen:
            yield sources.problem((*path, "id"), f"the id {name} is already taken. Every id is written once", name)
        seen.setdefault(name, path)


def _rules(study: Study) -> Iterator[tuple[KeyPath, str, Node, str]]:
    """Path, text, tree and id of every rule and `applies`."""
    kinds: dict[str, Iterable[Clause]] = {
        "inclusion": study.inclusion, "exclusion": study.exclusion, "watched": study.watched,
    }  # fmt: skip
    for kind, some in kinds.items():
        for number, one in enumerate(some):
            yield (kind, number, "rule"), one.rule, one.tree, one.id
            if one.applies is not None:
                yield (kind, number, "applies"), one.applies_text, one.applies, one.id


def _facts(study: Study, sources: Sources) -> Iterator[Problem]:
    """A study may say more of an instrument's fact, but not make another kind of thing of it."""
    from escalon.instruments import catalogue

    known = instrument_facts(catalogue()[name] for name in study.instruments)
    for name, own in study.vocabulary.items():
        theirs = known.get(name)
        if theirs is None or own.place == Place():
            continue
        if own.kind != theirs.kind and not {own.kind, theirs.kind} <= {"number", "integer"}:
            what = (
                f"{name} is a {theirs.kind} for {theirs.origin}, and cannot be a {own.kind} here. Give it another name"
            )
            yield sources.problem(("fact", name), what)
        elif own.unit and theirs.unit and not _converts(own, theirs.unit):
            what = f"{name} is in {theirs.unit} for {theirs.origin}, which does not convert to {own.unit}"
            what += f'. Write unit = "{theirs.unit}"'
            yield sources.problem(("fact", name, "unit"), what)


def _converts(own: FactDefinition, unit: str) -> bool:
    try:
        factor(unit, own.unit or "", own.substance)
    except UnitError:
        return False
    return True


def _members(study: Study, sources: Sources) -> Iterator[Problem]:
    for name, own in study.vocabulary.items():
        for member in own.members:
            found = study.vocabulary.get(member)
            if member == name or (found is not None and (found.kind != "treatment" or found.members)):
                what = f"{member!r} is not a drug. Members of a class are drugs, not classes or other facts"
                yield sources.problem(("fact", name, "members"), what, name)
        yield from _range(name, own, sources)
        said = study.facts[name].model_fields_set if name in study.facts else frozenset[str]()
        for key in sorted(said & _OF_KINDS.keys()):
            kinds = _OF_KINDS[key]
            if own.kind not in kinds:
                what = f"{name} is {described(own)}, which has no {key}"
                yield sources.problem(("fact", name, key), f'{what}. Write kind = "{kinds[0]}", or leave it out', name)


_NUMERIC = ("number", "integer")
_RANGE = dict.fromkeys(("low", "high", "doubtful_low", "doubtful_high"), _NUMERIC)
_DOSED = dict.fromkeys(("unit", "accepts", "substance", "usual_low", "usual_high"), (*_NUMERIC, "treatment"))
_OF_KINDS = {"choices": ("label",), "members": ("treatment",), **_RANGE, **_DOSED}
"""Which kinds of fact a key says something of."""
_ENDS = (("low", "high"), ("low", "doubtful_low"), ("doubtful_low", "doubtful_high"), ("doubtful_high", "high"),
         ("low", "usual_low"), ("usual_low", "usual_high"), ("usual_high", "high"))  # fmt: skip
"""Which end of a fact's ranges is never above which."""


def _range(name: str, own: FactDefinition, sources: Sources) -> Iterator[Problem]:
    """A range that is empty, or lies outside the one that may be recorded: nobody could have such a value."""
    for lower, upper in _ENDS:
        least, most = getattr(own, lower), getattr(own, upper)
        if own.place != Place() and least is not None and most is not None and least > most:
            empty = f"the range of {name} is empty: " if (lower, upper) == ("low", "high") else ""
            said = f"{empty}{lower} is above {upper}: {plain(least)} and {plain(most)}"
            yield sources.problem(("fact", name, lower if lower in own.model_fields_set else upper), said, name)
            return


_DAYS = ("date", "event", "treatment")
_KINDS: dict[RoleName, tuple[str, ...]] = dict.fromkeys(get_args(RoleName), _DAYS) | {
    "left": ("date", "event", "truth"),
    "death": ("date", "event", "truth"),
    "product": ("label", "treatment"),
    "dlt_review": ("date", "event", "truth"),
    "cells": ("number", "integer"),
    "b_cells": ("number", "integer"),
}
"""The kinds of fact that can play each role."""


def _roles(study: Study, sources: Sources) -> Iterator[Problem]:
    for role, kinds in _KINDS.items():
        name = study.roles.of(role)
        known = study.vocabulary.get(name) if name else None
        if name and known is None:
            close = get_close_matches(name, list(study.vocabulary), 1, 0.6)
            kind = f'kind = "{kinds[0]}"' + (" and its unit" if "number" in kinds else "")
            also = f"Did you mean {close[0]}? Else d" if close else "D"
            what = f"{name!r} is no fact of this study. {also}eclare [fact.{name}] with {kind}"
            yield sources.problem(("roles", role), what, role)
        elif known is not None and known.kind not in kinds:
            what = f"{name} is {described(known)}, and {role} is {' or '.join(f'a {kind}' for kind in kinds)}"
            yield sources.problem(("roles", role), what.replace("a event", "an event"), role)


def _baseline(study: Study, sources: Sources) -> Iterator[Problem]:
    for role in study.baseline.before:
        if _KINDS[role] != _DAYS:
            yield sources.problem(("study", "baseline"), f"{role} is not a day that a value can lie before")


def _anchors(study: Study, sources: Sources) -> Iterator[Problem]:
    for path, text, tree, where in _rules(study):
        for anchor in anchors_in(tree):
            if anchor not in study.anchors:
                what = f"there is no [anchor.{anchor}]. {nearest(anchor, study.anchors)}"
                yield _in_rule(sources, path, text, anchor, what, where)


def _kinds(study: Study, sources: Sources) -> Iterator[Problem]:
    for path, text, tree, where in _rules(study):
        for misuse in misuses(tree, study.vocabulary):
            yield _in_rule(sources, path, text, misuse.word, misuse.what, where)


def _in_rule(sources: Sources, path: KeyPath, text: str, word: str, what: str, where: str) -> Problem:
    """A problem with one word of a rule."""
    line, column = place_of(word, text)
    return sources.problem_in_text(path, line, column, len(word), what, where)


Named: TypeAlias = tuple[KeyPath, str | None, Iterable[str], str, str]
"""Where a name is written, the name, the names there are, what is said where it is none of them, and in which entry."""


def _named(study: Study) -> Iterator[Named]:
    """Every name of the plan that must stand elsewhere in the folder, or be published."""
    from escalon.instruments.product.lymphodepletion import REGIMENS

    visits, anchor, visit = [one.id for one in study.visits], "there is no [anchor.{}]", "there is no visit {!r}"
    for number, one in enumerate(study.endpoints):
        yield ("endpoint", number, "baseline"), one.baseline, study.baselines, "there is no [baseline.{}]", one.id
        yield from ((("endpoint", number, "at"), at, visits, visit, one.id) for at in one.at)
    for name, baseline in study.baselines.items():
        yield ("baseline", name, "before"), baseline.before, study.anchors, anchor, name
        yield from ((("baseline", name, "at"), at, visits, visit, name) for at in baseline.at)
    for number, period in enumerate(study.periods):
        yield ("period", number, "starts_at"), period.starts_at, study.anchors, anchor, period.id
    if plan := study.lymphodepletion:
        own = [one.id for one in plan.regimens]
        path, said = ("lymphodepletion", "offers"), "there is no published regimen {!r}, nor one of this study"
        yield from ((path, offer, (*REGIMENS, *own), said, "") for offer in plan.offers)
        chosen = tuple(dict.fromkeys((*plan.offers, *own)))
        yield ("lymphodepletion", "chosen"), plan.chosen, chosen, "there is no regimen {!r}", ""


def _named_of_the_reading(study: Study) -> Iterator[Named]:
    """Every name in what the folder says of how it is read."""
    ids, topics = ids_of(study), f"{{!r}} is neither an id of this study nor one of {', '.join(TOPICS)}"
    for number, one in enumerate(study.assumptions):
        yield from ((("assumption", number, "about"), about, ids, topics, one.id) for about in one.about)
    for number, statement in enumerate(study.statements):
        path = ("statement", number, "implemented_by")
        yield from (
            (path, each, ids, "{!r} is not an id of this study", statement.id) for each in statement.implemented_by
        )
    known = [one.id for one in study.assumptions]
    for number, answer in enumerate(study.answers):
        yield ("answer", number, "assumption"), answer.assumption, known, "there is no assumption {!r}", ""


def _there(of: Callable[[Study], Iterator[Named]], study: Study, sources: Sources) -> Iterator[Problem]:
    for path, name, known, said, where in of(study):
        if name is not None and name not in known:
            yield sources.problem(path, f"{said.format(name)}. {nearest(name, known)}", where)


def _visits(study: Study, sources: Sources) -> Iterator[Problem]:
    for number, visit in enumerate(study.visits):
        if not visit.earliest <= visit.day <= visit.latest:
            span = f"{visit.earliest} to {visit.latest}"
            what = f"day {visit.day} lies outside its own window, {span}. Write earliest and latest around it"
            yield sources.problem(("visit", number, "day"), what, visit.id)


def _days(study: Study, sources: Sources) -> Iterator[Problem]:
    """An anchor is a day, a period has days, and what is watched is watched from a day the study has."""
    for name, anchor in study.anchors.items():
        known = study.vocabulary.get(anchor.fact)
        if known is not None and known.kind not in _DAYS:
            what = f"{anchor.fact} is {described(known)}, and an anchor is a day. Name a fact of kind date, event or treatment"
            yield sources.problem(("anchor", name, "fact"), what, name)
    for number, period in enumerate(study.periods):
        if period.first_day is not None and period.last_day is not None and period.first_day > period.last_day:
            what = f"the period ends on day {period.last_day}, before it begins on day {period.first_day}"
            yield sources.problem(("period", number, "last_day"), what, period.id)
    for number, one in enumerate(study.watched):
        if study.roles.of(one.since) is None and one.since == "conditioning":
            what = "no fact plays the role conditioning, so it would never be watched. Write it in [roles], or another since"
            yield sources.problem(("watched", number, "since"), what, one.id)


def _among(study: Study, sources: Sources) -> Iterator[Problem]:
    """Whom an endpoint is about: names the study has, a population of the trial first, diseases it enrols."""
    words = dict(study.vocabulary) | {name: FactDefinition.made(name=name) for name in POPULATIONS}
    for number, one in enumerate(study.endpoints):
        path = ("endpoint", number, "among")
        for name in names_in(one.tree):
            if name not in words:
                what = f"{name!r} is neither a population nor a fact. {nearest(name, POPULATIONS)}"
                yield _in_rule(sources, path, one.among, name, what, one.id)
        for misuse in misuses(one.tree, words):
            yield _in_rule(sources, path, one.among, misuse.word, misuse.what, one.id)


_OF_NUMBERS = ("change from baseline", "percent change", "best change", "course")


def _endpoints(study: Study, sources: Sources) -> Iterator[Problem]:
    """What an endpoint names besides people and visits: baselines, what may happen in between, words that are a response."""
    for number, one in enumerate(study.endpoints):
        for place, between in enumerate(one.intercurrent):
            if between.event not in (*HAPPENINGS, *study.vocabulary):
                what = f"{between.event!r} is not in the vocabulary. {nearest(between.event, HAPPENINGS)}"
                yield sources.problem(("endpoint", number, "intercurrent", place, "event"), what, one.id)
        if len(one.measure) > 1:
            what = f"{' and '.join(one.measure)} are never pooled. Write an endpoint for each"
            yield sources.problem(("endpoint", number, "measure"), what, one.id)
        known = study.vocabulary.get(one.measure[0])
        if one.unit is not None and known is not None and known.unit and not _converts(known, one.unit):
            what = f'{known.name} is in {known.unit}, which does not convert to {one.unit}. Write unit = "{known.unit}"'
            yield sources.problem(("endpoint", number, "unit"), what, one.id)
        if known is not None and known.kind in ("label", "truth") and one.compare in _OF_NUMBERS:
            what = (
                f'{known.name} is {described(known)}, which has no {one.compare}. Write compare = "response" or "value"'
            )
            yield sources.problem(("endpoint", number, "compare"), what, one.id)
        for name in one.measure if one.counts else ():
            choices = study.vocabulary[name].choices if name in study.vocabulary else ()
            for word in one.counts:
                if choices and word not in choices:
                    what = f"{name} is never {word!r}. Write one of {', '.join(choices)}"
                    yield sources.problem(("endpoint", number, "counts"), what, one.id)


def _beside(study: Study, sources: Sources) -> Iterator[Problem]:
    """What is shown beside an outcome: a name of the study, or an instrument of the catalogue or a part of one."""
    from escalon.instruments import catalogue

    known = (*study.vocabulary, *catalogue())
    for number, one in enumerate(study.endpoints):
        for place, shown in enumerate(one.beside):
            if shown.measure not in known and shown.measure.partition(".")[0] not in known:
                what = f"{shown.measure!r} is neither a fact nor an instrument. {nearest(shown.measure, known)}"
                yield sources.problem(("endpoint", number, "beside", place, "measure"), what, one.id)


def _answers(study: Study, sources: Sources) -> Iterator[Problem]:
    """An answer is to an assumption of this study, and chooses a reading it has; one to older words counts for nothing."""
    known = {one.id: one for one in study.assumptions}
    for number, one in enumerate(study.answers):
        if one.assumption in known and one.digest == known[one.assumption].digest:
            try:
                known[one.assumption].number_of(one.reading)
            except ValueError as error:
                yield sources.problem(("answer", number, "reading"), str(error), one.assumption)


def _alternatives(study: Study, sources: Sources) -> Iterator[Problem]:
    """The rules of an alternative reading are held to the same as those in force."""
    known = [one.id for one in study.criteria]
    for number, assumption in enumerate(study.assumptions):
        path = ("assumption", number, "alternatives")
        for alternative in assumption.alternatives:
            for criterion, rule in alternative.rules.items():
                if criterion not in known:
                    what = f"there is no criterion {criterion!r}. {nearest(criterion, known)}"
                    yield sources.problem(path, what, assumption.id)
                for what in _wrong(rule, study):
                    yield sources.problem(path, f"the rule for {criterion}: {what}", assumption.id)


def _wrong(rule: str, study: Study) -> Iterator[str]:
    from escalon.criteria import CriterionError, parse

    try:
        tree = parse(rule)
    except (CriterionError, RecursionError) as error:
        yield getattr(error, "problem", "it is nested too deeply to be read")
        return
    yield from unfit(tree, study)


def unfit(tree: Node, study: Study) -> Iterator[str]:
    """What a rule asks that cannot be answered: of a name what it does not say, or of days there are none of."""
    yield from (misuse.what for misuse in misuses(tree, study.vocabulary))
    for anchor in anchors_in(tree):
        if anchor not in study.anchors:
            yield f"there is no [anchor.{anchor}]. {nearest(anchor, study.anchors)}"


_CHECKS = (
    _twice, _facts, _members, _roles, _baseline, _anchors, _kinds, *DOSES, _visits,
    partial(_there, _named), _among, _endpoints, _beside, _days,
)  # fmt: skip
_READING = (partial(_there, _named_of_the_reading), _alternatives, _answers)
"""What the folder says of how it is read, which names entries that an alternative may take out."""
