"""The escalation as its committee sees it: who was treated and what became of them, the rule, the decision, the signatures."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

from escalon.conduct.judge import standing
from escalon.conduct.judge.committee import COMMITTEE_SIGNERS, who_entered_dlts
from escalon.conduct.judge.departures import grouped
from escalon.conduct.judge.dose_review import OUTCOMES, DoseReview
from escalon.conduct.judge.dosing import NextDose
from escalon.conduct.judge.strata import stratum_of
from escalon.conduct.judge.watched import all_departures
from escalon.conduct.record.proposals import propose_decision
from escalon.escalation import Stop, Treat
from escalon.facts import Day
from escalon.history import Cohort, Decision, Entry
from escalon.history.events import CohortClosed, CohortOpened, Course
from escalon.protocol.design import dose_rule
from escalon.reporting.figures.cohorts import CohortCourse
from escalon.reporting.figures.evidence import DayLanes
from escalon.reporting.windows_drawn import evidence_windows, windows_of
from escalon.web.clocks import next_dose
from escalon.web.desk import Desk, none_such
from escalon.web.pages.today import HoldShown, holds_shown
from escalon.web.registry import act, page
from escalon.web.said import Told
from escalon.web.words import amount

STATES = {"DLT": "not", "no DLT": "met", "pending": "pend", "not evaluable": "na"}


@dataclass(frozen=True)
class TreatedRow:
    """A participant as the dose rule sees them."""

    cohort: int | None
    level: int
    participant: str
    disease: str
    infused: date
    given: str
    window_ends: date
    outcome: str
    state: str
    why: str
    late: str
    stratum: str


@dataclass(frozen=True)
class DecisionRow:
    """A decision laid before the committee: what it says, how many signed, and what it lacks to be in force."""

    number: int
    says: str
    level: int
    because: str
    proposed: datetime | None
    signatures: int
    needed: int
    in_force: bool
    lacks: str


@dataclass(frozen=True)
class CohortRow:
    """A cohort: its level, and who holds which place."""

    number: int
    level: int
    size: int
    places: tuple[tuple[int, str], ...]
    is_open: bool
    decision: int
    stratum: str


@dataclass(frozen=True)
class Opening:
    """The decision in force by which the next cohort of a stratum would be opened, and what forbids it."""

    stratum: str
    by: DecisionRow | None
    forbids: tuple[str, ...]
    asks_override: str


@dataclass(frozen=True)
class Rule:
    """The rule's answer today, or why there is none."""

    headline: str
    because: str
    notes: tuple[str, ...]
    level: int | None
    conduct: str
    design: str
    assumptions: tuple[str, ...]
    is_stopped: bool = False
    """Whether the committee stopped dosing, which stands above the rule."""
    stratum: str = ""
    decides: bool = False
    """Whether there is a decision to lay before the committee: to treat, or to stop."""


@dataclass(frozen=True)
class CohortsPage:
    """The cohorts, the rule's answer, what holds dosing, and the decisions."""

    day: date
    rule: Rule
    treated: tuple[TreatedRow, ...]
    windows: tuple[CohortCourse, ...]
    holds: tuple[HoldShown, ...]
    cohorts: tuple[CohortRow, ...]
    decisions: tuple[DecisionRow, ...]
    next_cohort: int
    openings: tuple[Opening, ...]
    cap: int
    rules: tuple[Rule, ...]
    """The rule's one answer, or that for each stratum where each escalates by itself."""


def rule_of(desk: Desk, found: NextDose | str, stratum: str = "") -> Rule:
    """The rule's answer for reading."""
    design = dose_rule(desk.study).name
    if isinstance(found, str):
        return Rule("no dose can be decided", found, (), None, "", design, ())
    level = found.decision.level if isinstance(found.decision, Treat) else None
    return Rule(
        found.headline,
        found.decision.reason,
        found.decision.notes,
        level,
        str(found.conduct),
        design,
        found.assumptions,
        found.is_stopped,
        stratum,
        isinstance(found.decision, Treat | Stop),
    )


def treated_of(desk: Desk, reviews: tuple[DoseReview, ...]) -> tuple[TreatedRow, ...]:
    """The participants the rule counts, cohort by cohort."""
    place = {code: cohort.opened.cohort for cohort in desk.trial.cohorts.values() for code in cohort.places.values()}
    rows = [
        TreatedRow(
            place.get(one.participant), one.infusion.level, one.participant, one.disease, one.infusion.day.earliest,
            _given(one), one.window_ends, OUTCOMES[one.outcome], STATES[OUTCOMES[one.outcome]], one.why, one.late,
            stratum_of(desk.study, desk.trial.course(one.participant)),
        )
        for one in reviews
    ]  # fmt: skip
    return tuple(sorted(rows, key=lambda row: (row.infused, row.participant)))


def _given(one: DoseReview) -> str:
    given = one.infusion.amount
    return "not recorded" if given is None else amount(given)


def _decision(desk: Desk, one: Decision) -> DecisionRow:
    proposed = one.proposed
    in_force = standing.decision_in_force(desk.study, desk.trial, proposed.stratum)
    lacks = standing.why_not_effective(desk.study, desk.trial, one)
    newer = in_force is not None and in_force.number > one.number
    entry = desk.trial.entries.get(one.number)
    return DecisionRow(
        one.number, proposed.decides, proposed.level, proposed.because, entry.at if entry else None, len(one.signers),
        COMMITTEE_SIGNERS, in_force is not None and in_force.number == one.number,
        f"followed by decision {in_force.number}" if newer and in_force and not lacks else lacks,
    )  # fmt: skip


def _cohort(desk: Desk, number: int, one: Cohort) -> CohortRow:
    opened = one.opened
    return CohortRow(
        number, opened.level, opened.size, tuple(sorted(one.places.items())), one.is_open, opened.decision,
        desk.trial.stratum_of(one),
    )  # fmt: skip


@page("/cohorts")
def cohorts(desk: Desk) -> CohortsPage:
    """The cohorts, and what may happen next."""
    found = next_dose(desk)
    reviews = () if isinstance(found, str) else found.reviews
    decisions = tuple(_decision(desk, one) for _, one in sorted(desk.trial.decisions.items(), reverse=True))
    following = max(desk.trial.cohorts, default=0) + 1
    parts = (("", found),) if isinstance(found, str) else found.parts
    return CohortsPage(
        desk.today,
        rule_of(desk, found),
        treated_of(desk, reviews),
        windows_of(reviews, hrefs=True),
        holds_shown(desk),
        tuple(_cohort(desk, number, one) for number, one in sorted(desk.trial.cohorts.items())),
        decisions,
        following,
        tuple(_opening(desk, name, following) for name, _ in parts),
        desk.study.most,
        tuple(rule_of(desk, one, name) for name, one in parts),
    )


def _opening(desk: Desk, stratum: str, number: int) -> Opening:
    in_force = standing.decision_in_force(desk.study, desk.trial, stratum)
    if in_force is None:
        why = "no decision is in force: the committee signs one first"
        return Opening(stratum, None, (why,) if desk.person else (), "")
    by = _decision(desk, in_force)
    if in_force.proposed.course is Course.STOP:
        return Opening(stratum, by, (f"decision {by.number} says stop",) if desk.person else (), "")
    opened = CohortOpened(cohort=number, level=by.level, size=desk.study.dose.cohort_size, decision=by.number)
    forbids = tuple(one.says for one in desk.forbids(opened)) if desk.person else ()
    return Opening(stratum, by, forbids, desk.asks_override(opened) if by.level else "")


@dataclass(frozen=True)
class CohortPage:
    """One cohort: its decision, its places, and those treated in it."""

    cohort: CohortRow
    treated: tuple[TreatedRow, ...]
    windows: tuple[CohortCourse, ...]
    day: date
    free: tuple[tuple[str, str], ...]
    """Who may take the next place."""
    forbids_closing: tuple[str, ...]


@page("/cohorts/{number}")
def cohort(desk: Desk, number: int) -> CohortPage:
    """One cohort."""
    known = desk.trial.cohorts.get(number)
    if known is None:
        raise none_such(
            f"there is no cohort {number}", str(number), {str(one): f"/cohorts/{one}" for one in desk.trial.cohorts}
        )
    found = next_dose(desk)
    mine = set(known.places.values())
    reviews = () if isinstance(found, str) else tuple(one for one in found.reviews if one.participant in mine)
    closing = CohortClosed(cohort=number, reason="…")
    return CohortPage(
        _cohort(desk, number, known),
        treated_of(desk, reviews),
        windows_of(reviews, hrefs=True),
        desk.today,
        tuple(
            (one.code, one.code)
            for one in desk.courses()
            if one.eligibility_signed and not one.allocation and not one.infusions
        ),
        tuple(one.says for one in desk.forbids(closing)) if desk.person else (),
    )


@dataclass(frozen=True)
class SignatureRow:
    """A signature under a decision, or the place of one that is missing."""

    person: str
    printed: str
    entry: int
    at: datetime | None
    entered_dlt: bool


@dataclass(frozen=True)
class DltRow:
    """One participant's DLT by the definition beside what people decided."""

    participant: str
    outcome: str
    state: str
    clauses: tuple[str, ...]
    doubts: tuple[str, ...]


@dataclass(frozen=True)
class DecisionPage:
    """A decision with all it rests on, its signatures, and what would make it stale."""

    decision: DecisionRow
    proposed_by: str
    rule: Rule
    differs: str
    """What the rule says otherwise than when it was proposed."""
    treated: tuple[TreatedRow, ...]
    windows: tuple[DayLanes, ...]
    days: int
    dlts: tuple[DltRow, ...]
    departures: tuple[str, ...]
    signatures: tuple[SignatureRow, ...]
    forbids_signing: tuple[str, ...]
    independent: str
    """Said before signing: whether the reader entered the DLTs it rests on."""
    entry: int
    digest: str


@page("/decisions/{number}")
def decision(desk: Desk, number: int) -> DecisionPage:
    """One decision of the safety committee."""
    known = desk.trial.decisions.get(number)
    if known is None:
        there = {str(one): f"/decisions/{one}" for one in desk.trial.decisions}
        raise none_such(f"entry {number} is no proposed decision", str(number), there)
    found, stratum = next_dose(desk), known.proposed.stratum
    found = found if isinstance(found, str) else found.of(stratum)
    reviews = () if isinstance(found, str) else found.reviews
    lanes, days = evidence_windows(desk.study, desk.trial, reviews)
    entry = desk.trial.entries.get(number)
    mine = desk.person is not None and desk.person.account in known.signers
    return DecisionPage(
        _decision(desk, known), entry.author.person if entry else "", rule_of(desk, found, stratum),
        standing.changed_decision(desk.study, desk.trial, known), treated_of(desk, reviews), lanes, days,
        tuple(_dlt(one) for one in reviews if one.evidence and (one.in_doubt or one.outcome.name == "DLT")),
        tuple(grouped(all_departures(desk.study, desk.trial, Day.of(desk.today)))), tuple(_signatures(desk, known)),
        _forbids_signing(desk, number) if not mine else ("you signed this decision",), _independence(desk, known),
        desk.trial.number, desk.conduct.casebook.head.hash if desk.bench.is_casebook else "",
    )  # fmt: skip


def _dlt(one: DoseReview) -> DltRow:
    assert one.evidence is not None
    word = OUTCOMES[one.outcome]
    clauses = tuple(str(clause) for clause in one.evidence.clauses if clause.truth is not False)
    return DltRow(one.participant, word, STATES[word], clauses, one.evidence.doubts)


def _signatures(desk: Desk, known: Decision) -> Iterator[SignatureRow]:
    entered = who_entered_dlts(desk.trial, known)
    for account, number in known.signers.items():
        at = desk.trial.entries[number].at
        yield SignatureRow(account, desk.names.get(account, account), number, at, account in entered)


def _forbids_signing(desk: Desk, number: int) -> tuple[str, ...]:
    if desk.person is None:
        return ("sign in first",)
    if not desk.may("DecisionSigned"):
        return (f"{desk.role or 'nobody'} does not sign decisions; a member of the committee does",)
    known = desk.trial.decisions[number]
    stale = standing.changed_decision(desk.study, desk.trial, known)
    return (f"what it rested on has changed ({stale}); it is proposed again",) if stale else ()


def _independence(desk: Desk, known: Decision) -> str:
    if desk.person is None or desk.person.account not in who_entered_dlts(desk.trial, known):
        return ""
    return "You entered a DLT this rests on. The other signature must come from somebody who did not."


@act("propose-decision")
def propose(desk: Desk, said: Told) -> Entry:
    """Lay the rule's own decision before the committee, of one stratum where each escalates by itself."""
    return propose_decision(desk.conduct, desk.author, said.text("stratum", ""))
