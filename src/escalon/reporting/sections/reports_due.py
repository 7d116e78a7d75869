"""T5-6 and T5-7: what is to be reported by when, and what the dose rule does not count but the committee should see."""

from datetime import date

from escalon.conduct.judge.safety_reports import ReportDue, reports
from escalon.reporting.build import heads, keyed, row, strong
from escalon.reporting.document import Cell, Table, TableRow, Tone
from escalon.reporting.view import View
from escalon.safety.seriousness import FATAL, OTHER, awareness, susar


def reports_due(view: View) -> Table:
    """T5-6: each report that is due, the most urgent first; an event whose clock cannot be read stands before them."""
    today = view.cutoff.latest
    begun = [one for one in view.events if one.start is None or one.start.earliest <= today]
    found = [
        one
        for course in view.trial.courses.values()
        for one in reports(course, [event for event in begun if event.participant == course.code])
    ]
    ordered = [
        _row(view, one, today) for one in sorted(found, key=lambda one: (one.by or date.min, one.event.participant))
    ]
    columns = heads("due=due by", "who", "event|26", "aware", "report|28", "because|44")
    notes = (
        f"Calendar days from the sponsor's awareness (day 0): {FATAL} if fatal or life-threatening, else "
        f"{OTHER} "
        "(ICH E2A). Local law and the ethics committee may be stricter. A report is sent when its sending is "
        "recorded, as a casebook can.",
        "A seriousness that nobody recorded keeps its event in this table: silence does not stop a clock.",
    )
    title = "Suspected unexpected serious reactions and what may be one"
    return Table("T5-6", title, columns, keyed(ordered), "every event", notes, "No report is due.")


def _row(view: View, one: ReportDue, today: date) -> TableRow:
    event, aware = one.event, awareness(one.event)
    reasons = "; ".join(said.replace("not known", "not recorded") for said in susar(event).reasons)
    grade = "not graded" if event.grade is None else f"grade {event.grade}"
    late = one.waits and one.by is not None and one.by < today
    tone = Tone.OPEN if one.by is None else Tone.ALARM if late else Tone.PLAIN
    state = one.state(today)
    return row(
        f"{event.participant}.{event.start or 'undated'}", str(one.by or "–"), strong(event.participant),
        Cell(f"{event.term.name}, {grade}", None, view.of_lines(event.lines)), str(aware or "–"),
        Cell(f"{one.what}: {state}" if one.by else state, tone=tone), reasons, who=event.participant,
    )  # fmt: skip


def not_counted(view: View) -> Table:
    """T5-7: what the dose rule does not count: late toxicity, severe events judged no DLT, counts without a grade."""
    rows = keyed(
        row(
            one.participant, strong(one.participant), one.infusion.level,
            Cell(said, None, view.of_events([event for event in view.events if event.participant == one.participant])),
            who=one.participant,
        )
        for one in view.reviews
        if one.evidence
        for said in (*one.evidence.notes, *one.evidence.late)
    )  # fmt: skip
    columns = heads("who", "level>", "what=what is recorded, and what was judged|90")
    note = (
        "Every event of grade 4 or 5 and every death since infusion, toxicity judged limiting after its "
        "window, and clauses met but judged no."
    )
    return Table("T5-7", "Beside the count of the dose rule", columns, rows, "everybody infused", (note,), "Nothing.")
