"""Section 4: dose levels, dose-limiting toxicity by rule and by person, the outlook, and what the committee decided."""

from collections.abc import Iterable, Sequence
from datetime import date

from escalon.conduct.judge.dose_review import OUTCOMES, DoseReview
from escalon.conduct.judge.dosing import NextDose
from escalon.conduct.judge.evidence import study_definition
from escalon.conduct.judge.standing import why_not_effective
from escalon.escalation import Outcome, Stop, Treat, Wait
from escalon.escalation.decision import Decision
from escalon.escalation.outlook import Branch, outlook
from escalon.facts import Truth
from escalon.history.trial import Override
from escalon.protocol.design import calendar_guards, dose_rule
from escalon.reporting.build import counted, heads, row, strong
from escalon.reporting.document import (
    Block,
    Bullets,
    Cell,
    Figure,
    Ground,
    Section,
    Table,
    TableRow,
    Tone,
)
from escalon.reporting.figures.cohorts import CohortCourse, cohorts_figure
from escalon.reporting.figures.evidence import DayLane, evidence_figure
from escalon.reporting.grounds import of_dose
from escalon.reporting.printed import dose, doses, number
from escalon.reporting.sections.answer import about, alarms, answer, plain_words, said
from escalon.reporting.sections.exposure import part_of_target
from escalon.reporting.view import View, is_open, is_waited_for
from escalon.reporting.windows_drawn import day_lanes
from escalon.safety.dlt_evidence import DltEvidence
from escalon.safety.occurrence import Occurrence
from escalon.safety.seriousness import special_interest

SYNDROMES = ("CRS", "ICANS")


def escalation(view: View) -> tuple[Section, ...]:
    """The section of dose escalation."""
    tables = (
        levels(view),
        path(view),
        limiting(view),
        evidence_by_day(view),
        outlook_table(view),
        decisions(view),
        overrides(view),
    )
    blocks: list[Block] = [answer(view), *alarms(view), *tables]
    if isinstance(view.dose, NextDose) and view.dose.decision.notes:
        blocks.insert(1, Bullets(tuple(plain_words(view, one) for one in view.dose.decision.notes)))
    return (Section("4", "Dose escalation", tuple(blocks)),)


# -- levels -----------------------------------------------------------------------------------------------------------


def levels(view: View) -> Table:
    """T4-1: what each dose level comes to; the counts are those of the rule."""
    rows = tuple(_level_row(view, one.number) for one in view.study.dose.levels)
    columns = heads(
        "level", "target>", "given=given, range>", "infused>", "evaluable>", "dlt=DLT>", "pending>", "excluded=not evaluable>",
        "open=open question>", "who|40",
    )  # fmt: skip
    plan = view.study.dose
    notes: tuple[str, ...] = (
        f"Given doses against ±{number(plan.tolerance * 100)} % of the target: Table 3-1. "
        f"Evaluable: the window of {plan.dlt_window} closed, or a DLT. Day 0 is the infusion.",
        "Open question: rule and person have not said the same, or one of them nothing (Table 4-2).",
    )
    if not isinstance(view.dose, NextDose):
        notes += (
            "No dose can be decided, so the rule counts nobody: here stands what is recorded of each person alone.",
        )
    about = f"everybody infused · {plan.levels[0].amount.shown_unit}"
    return Table("T4-1", "Dose levels to date", columns, rows, about, notes)


def _level_row(view: View, level: int) -> TableRow:
    named_ = view.study.dose.level(level)
    here = [one for one in view.reviews if one.infusion.level == level]
    given = [one.infusion.amount for one in here if one.infusion.amount is not None]
    bags = tuple(g for one in here for g in of_dose(one.infusion, view.trial.course(one.participant)))
    of = {outcome: [one for one in here if one.outcome is outcome] for outcome in Outcome}
    evaluable = [*of[Outcome.NO_DLT], *of[Outcome.DLT]]
    open_ = [one for one in here if one in view.unsettled]
    return row(
        str(level), strong(f"{level} {named_.name}"), Cell(dose(named_.amount.value), named_.amount.value),
        Cell(doses(min(given), max(given)), None, bags) if given else None, Cell(str(len(here)), len(here), bags),
        _people(view, evaluable), _people(view, of[Outcome.DLT], Tone.ALARM), _people(view, of[Outcome.PENDING]),
        _people(view, of[Outcome.NOT_EVALUABLE]), _people(view, open_, Tone.OPEN),
        ", ".join(f"{view.diseases.get(one.participant, '')} {one.participant}" for one in here),
    )  # fmt: skip


def _people(view: View, some: Iterable[DoseReview], tone: Tone = Tone.PLAIN) -> Cell:
    found = [Ground(one.participant, OUTCOMES[one.outcome], str(one.infusion.day), one.why, "T4-2") for one in some]
    return counted(found, tone=tone if found else Tone.PLAIN)


def path(view: View) -> Figure:
    """F4-1: each window on the calendar."""
    courses = [
        CohortCourse(
            one.participant, one.infusion.level, one.infusion.last.earliest, one.window_ends, one.outcome.name.lower(),
            _first_dlt(view, one.participant),
        )
        for one in view.reviews
        if one.participant in view.drawn
    ]  # fmt: skip
    told = (
        f"{one.participant} level {one.infusion.level} from {one.infusion.day} to {one.window_ends}, {OUTCOMES[one.outcome]}"
        for one in view.reviews
        if one.participant in view.drawn
    )
    alt = f"DLT windows on the calendar: {'; '.join(told) or 'nobody infused'}."
    return Figure(
        "F4-1", view.of_drawn("DLT windows on the calendar"), cohorts_figure(courses, view.cutoff.latest), alt, "T4-2"
    )


def _first_dlt(view: View, code: str) -> date | None:
    """The first day of an event that a person judged dose-limiting."""
    lines = (line for event in view.events if event.participant == code for line in event.lines)
    return min((line.start.earliest for line in lines if line.dlt and line.start), default=None)


def evidence_by_day(view: View, newest: int | None = None) -> Figure:
    """F4-2: what was recorded on each day of each window: syndromes as events, and the counts that a clause reads."""
    shown = [one for one in view.reviews if one.participant in view.drawn]
    some = shown[-newest:] if newest else shown
    definition = study_definition(view.study)
    days = definition.window_days if definition else 28
    windows = [day_lanes(view.study, view.trial, one, view.cutoff.latest, days) for one in some]
    told = "; ".join(f"{one.participant}: " + ", ".join(_lane_told(lane) for lane in one.lanes) for one in windows)
    title = "What was recorded on each day of the window"
    if len(some) < len(view.reviews):
        title += f": the newest {len(some)} of {len(view.reviews)} windows"
    alt = f"Grades by day from infusion. {told or 'Nobody infused'}."
    return Figure("F4-2", title, evidence_figure(windows, days), alt, "T4-2")


def _lane_told(lane: DayLane) -> str:
    grades = " ".join(f"grade {'?' if one.grade is None else one.grade} day {one.first}" for one in lane.seen)
    return f"{lane.name}: {lane.missing or grades}"


# -- dose-limiting toxicity -------------------------------------------------------------------------------------------


def limiting(view: View, some: Sequence[DoseReview] | None = None) -> Table:
    """T4-2: for everybody infused, or for some, what the definition proposes, from what, and what a person decided."""
    rows = tuple(_limiting_row(view, one) for one in (view.reviews if some is None else some))
    columns = heads(
        "who", "disease", "level>", "percent=dose given %>", "infused", "ends=window ends",
        *(f"{kind.lower()}={kind}>" for kind in syndromes_of(view)), "rule", "why|46", "person", "compared=the two",
    )  # fmt: skip
    definition = study_definition(view.study)
    graded = "CRS, ICANS: highest grade in the window (ASTCT 2019). " if syndromes_of(view) else ""
    notes = [f"{graded}Dose given as a part of its target. The rule proposes, a person decides; both are kept."]
    if definition is None:
        notes.append(
            "The study folder defines no dose-limiting toxicity: every event of grade 3 or more that nobody judged asks."
        )
    elif not definition.confirmed:
        ids = ", ".join(view.study.assumed("dlt"))
        notes.append(f"The definition is assumed and not yet confirmed by the sponsor ({ids}).")
    title = "Dose-limiting toxicity: the rule's proposal beside the person's decision"
    return Table("T4-2", title, columns, rows, "everybody infused", tuple(notes), "Nobody has been infused.")


def syndromes_of(view: View) -> tuple[str, ...]:
    """The syndromes of cells with a column of their own: where cells are given, or one was recorded."""
    seen = any(special_interest(event) in SYNDROMES for event in view.events)
    return SYNDROMES if view.study.gives_cells or seen else ()


def _limiting_row(view: View, one: DoseReview) -> TableRow:
    code, found = one.participant, one.evidence
    window = [event for event in view.events if event.participant == code and _inside(event, one)]
    return row(
        code, strong(code), view.diseases.get(code), one.infusion.level, part_of_target(view, one.infusion),
        Cell(str(one.infusion.day), None, of_dose(one.infusion, view.trial.course(code))), str(one.window_ends),
        *(_syndrome(view, kind, window) for kind in syndromes_of(view)), _word(one), Cell(_why(found), tone=Tone.MUTED),
        Cell(_of_person(one), None, _decided_on(view, found, window), tone=_tone_of_person(one)),
        _compared(one), who=code,
    )  # fmt: skip


def _inside(event: Occurrence, one: DoseReview) -> bool:
    return event.is_inside(one.infusion.day.earliest, one.window_ends) is not False


def _decided_on(view: View, found: DltEvidence | None, window: Sequence[Occurrence]) -> tuple[Ground, ...]:
    """The events that were judged, the clauses that are met or open, and what cannot be read."""
    judged = view.of_events([one for one in window if _is_judged(one)])
    if found is None:
        return judged
    unread = (Ground(found.participant, "not read", "", why, "") for why in found.unread)
    return (*judged, *_clause_grounds(found), *unread)


def _is_judged(event: Occurrence) -> bool:
    return any(line.dlt is not None for line in event.lines)


def _syndrome(view: View, kind: str, window: Sequence[Occurrence]) -> Cell:
    some = [event for event in window if special_interest(event) == kind]
    grades = [event.grade for event in some if event.grade is not None]
    if not some:
        return Cell("none")
    return Cell(str(max(grades)) if grades else "not graded", max(grades, default=None), view.of_events(some))


def _word(one: DoseReview) -> Cell:
    """What the definition proposes."""
    found = one.evidence
    if found is None:
        return Cell("–")
    truth, waits = found.proposed, is_waited_for(one)
    text = ("pending" if waits else "open") if truth is None else "DLT" if truth else "no DLT"
    tone = Tone.MUTED if waits and truth is None else _tone(truth)
    return Cell(text, None, _clause_grounds(found), tone=tone)


def _clause_grounds(found: DltEvidence) -> tuple[Ground, ...]:
    return tuple(
        Ground(found.participant, clause.id, "", clause.word, about(clause))
        for clause in found.clauses
        if clause.truth is not False
    )


def _tone(truth: Truth) -> Tone:
    return Tone.OPEN if truth is None else Tone.ALARM if truth else Tone.PLAIN


def _of_person(one: DoseReview) -> str:
    if one.outcome is Outcome.PENDING:
        return "not decided" if is_open(one) else "pending"
    decided = one.evidence.decided if one.evidence else None
    return "not decided" if decided is None else "DLT" if decided else "no DLT"


def _tone_of_person(one: DoseReview) -> Tone:
    if one.outcome is Outcome.PENDING:
        return Tone.OPEN if is_open(one) else Tone.MUTED
    return _tone(one.evidence.decided if one.evidence else None)


def _why(found: DltEvidence | None) -> str:
    if found is None:
        return "–"
    said_ = [f"{clause.id}: {about(clause)}" for clause in found.clauses if clause.truth is found.proposed]
    return "no clause met" if found.proposed is False else "; ".join(dict.fromkeys((*said_, *found.unread))) or "–"


def _compared(one: DoseReview) -> Cell:
    """Whether rule and person agree; pending while only a window is waited for, unsettled while somebody must answer."""
    proposed, decided = (one.evidence.proposed, one.evidence.decided) if one.evidence else (None, None)
    if one.outcome is Outcome.PENDING and not is_open(one):
        return Cell("pending", tone=Tone.MUTED)
    if proposed is None or decided is None:
        return Cell("unsettled" if is_open(one) else "pending", tone=Tone.OPEN if is_open(one) else Tone.MUTED)
    return Cell("agree") if proposed is decided else Cell("differ", tone=Tone.ALARM)


# -- the outlook ------------------------------------------------------------------------------------------------------


def outlook_table(view: View) -> Table:
    """T4-3: what the rule will say after each way the next step can turn out."""
    columns = heads("outcome|24", "then=then the rule says|30", "because|50")
    if not isinstance(view.dose, NextDose):
        return Table("T4-3", "Outlook", columns, (), empty="No dose can be decided, so there is no outlook.")
    found = view.dose
    now = found.decision
    rows: tuple[TableRow, ...] = ()
    if not isinstance(now, Stop):
        tree = outlook(
            dose_rule(view.study),
            found.conduct,
            depth=1,
            now=now,
            guards=calendar_guards(view.study),
            today=found.today,
        )
        rows = tuple(_branch(view, now, place, one) for place, one in enumerate(tree.root.branches))
    if isinstance(now, Treat):
        title = f"If the next {now.size} {'is' if now.size == 1 else 'are'} dosed at level {now.level}"
    elif isinstance(now, Wait):
        title = "When those who are pending are known"
    else:
        title = "Outlook"
    notes = ("The rule alone, without its clocks: from dose to dose the waiting times of the protocol hold as well.",)
    return Table(
        "T4-3", title, columns, rows, view.study.dose.rule.replace("_", " "), notes, "The rule names no further step."
    )


def _branch(view: View, now: Decision, place: int, one: Branch) -> TableRow:
    then = one.node.decision
    outcome = f"{place} of {now.size} with a DLT" if isinstance(now, Treat) else _in_words(one.observed)
    text = str(then) if not isinstance(then, Stop) else said(view, then)
    return row(str(place), outcome, text, plain_words(view, then.reason))


def _in_words(observed: str) -> str:
    """`pending at 2: NNT` as `level 2: 1 of 3 with a DLT`."""
    words = observed.split()
    if not observed.startswith("pending at"):
        return observed
    found = []
    for place, word in enumerate(words):
        if set(word) <= {"N", "T"} and place:
            level = words[place - 1].rstrip(":")
            found.append(f"level {level}: {word.count('T')} of {len(word)} pending with a DLT")
    return "; ".join(found)


# -- the committee ----------------------------------------------------------------------------------------------------


def decisions(view: View) -> Table:
    """T4-4: every decision laid before the committee beside what the rule said, with its signatures and whether it stands."""
    rows = []
    for one in view.whole.decisions.values():
        proposed = one.proposed
        lacks = why_not_effective(view.study, view.whole, one)
        rule = proposed.answer.says if proposed.answer else "not asked"
        followed = proposed.course in rule and (proposed.course == "stop" or f"level {proposed.level}" in rule)
        rows.append(
            row(
                str(one.number), strong(str(one.number)), str(proposed.as_of or "not recorded"), proposed.decides,
                proposed.because,
                Cell(rule, tone=Tone.PLAIN if followed else Tone.OPEN), ", ".join(sorted(one.signers)) or "nobody",
                Cell(lacks, tone=Tone.OPEN) if lacks else "in force",
            )
        )  # fmt: skip
    columns = heads(
        "entry", "as_of=as of", "proposed", "because|36", "rule=the rule said|24", "signed=signed by", "state|24"
    )
    empty = "No decision of the committee is recorded. A data folder keeps none; a casebook does."
    return Table("T4-4", "Decisions of the committee", columns, tuple(rows), "", (), empty)


def overrides(view: View) -> Table:
    """T4-5: every act that people allowed against a rule."""
    rows = tuple(_override(number_, one) for number_, one in view.whole.overrides.items())
    columns = heads(
        "entry", "who", "rules=rules set aside", "act", "because|40", "signed=signed by", "used=used by entry>"
    )
    return Table("T4-5", "Overrides", columns, rows, "", (), "No rule was overridden.")


def _override(number_: int, one: Override) -> TableRow:
    return row(
        str(number_), strong(str(number_)), one.given.participant or "everybody", ", ".join(one.given.rules), one.given.act,
        one.given.reason or "no reason", ", ".join(sorted(one.signers)) or "nobody", one.used_by,
    )  # fmt: skip
