"""What the protocol's rule says today, and what must be read before anybody signs it."""

from collections.abc import Sequence

from escalon.conduct.judge.dose_review import DoseReview
from escalon.conduct.judge.dosing import NextDose
from escalon.escalation import Stop, headline
from escalon.escalation.decision import Decision
from escalon.reporting.document import Headline, Text, Tone
from escalon.reporting.printed import in_prose, named
from escalon.reporting.view import View
from escalon.safety.dlt_clauses import ClauseRead


def answer(view: View) -> Headline:
    """What the protocol's rule says today, and that it is not settled while a question is open."""
    label = "What the protocol's rule says"
    found = view.dose
    if isinstance(found, str):
        return Headline(label, "No dose can be decided", found, Tone.ALARM)
    text = said(view, found.decision)
    because = in_prose(f"Because {plain_words(view, found.decision.reason)}.", view.trial.participants)
    if found.is_stopped:
        return Headline(
            label, "Dose nobody: the committee stopped the trial", f"The rule alone says: {text}. {because}", Tone.OPEN
        )
    if open_ := view.unsettled:
        who = named([one.participant for one in open_], 6)
        open_said = f"{len(open_)} of {len(view.reviews)} participants have an open question ({who})."
        return Headline(label, f"{text}: not settled", f"{because} {open_said}", Tone.OPEN)
    return Headline(label, text, because)


def said(view: View, decision: Decision) -> str:
    """The decision in a line; of tolerance nothing is said while a question is open."""
    if view.unsettled and isinstance(decision, Stop) and decision.mtd:
        return f"Stop at level {decision.mtd}"
    if isinstance(view.dose, NextDose) and view.dose.strata and decision is view.dose.decision:
        return f"{'Stop' if isinstance(decision, Stop) else 'Wait'}: each stratum has its own answer"
    text = headline(decision)
    return in_prose(text[:1].upper() + text[1:], view.trial.participants)


def plain_words(view: View, reason: str) -> str:
    """A reason of the rule; its conclusion is left out where it would say more than the record does."""
    return reason.partition(":")[0] if view.unsettled and "tolera" in reason else reason


def alarms(view: View) -> list[Text]:
    """What must be read before anybody signs: open questions on dose-limiting toxicity, and rows that were refused."""
    found = []
    for missing, who in _open_questions(view.unsettled).items():
        verb = "has" if len(who) == 1 else "have"
        found.append(
            f"{len(who)} of {len(view.reviews)} participants {verb} an open question: {missing} ({named(who, 6)})."
        )
    differing = [
        one.participant
        for one in view.unsettled
        if one.evidence and None not in (one.evidence.proposed, one.evidence.decided)
    ]
    if differing:
        found.append(
            f"Rule and person differ on {named(differing, 6)}: the person's decision counts, and both are shown."
        )
    if refused := len(view.intake.refused):
        rows = "1 row is" if refused == 1 else f"{refused} rows are"
        found.append(f"{rows} kept out of this report because they cannot be read (section 10).")
    return [Text(f"Before anyone signs: {one}", Tone.ALARM) for one in found]


def _open_questions(some: Sequence[DoseReview]) -> dict[str, list[str]]:
    """Each open question with the people it is about."""
    found: dict[str, list[str]] = {}
    for one in some:
        evidence = one.evidence
        if evidence is None or None not in (evidence.proposed, evidence.decided):
            continue
        if evidence.proposed is None:
            clauses = [clause for clause in evidence.clauses if clause.truth is None]
            for clause in clauses[:1]:
                found.setdefault(f"{clause.id} cannot be answered, {about(clause)}", []).append(one.participant)
        else:
            found.setdefault("no person has decided on the window", []).append(one.participant)
    return found


def about(clause: ClauseRead) -> str:
    """What a clause of the definition rests on, in words."""
    shown = dict.fromkeys(ground.about for ground in clause.grounds if ground.truth is clause.truth)
    return "; ".join(shown) or clause.text
