"""T5-6 and T5-7: what is to be reported by when, and what the dose rule does not count but the committee should see."""

from datetime import date

from escalon.reporting.build import heads, keyed, row, strong
from escalon.reporting.document import Cell, Table, TableRow, Tone
from escalon.reporting.view import View
from escalon.safety.occurrence import Occurrence
from escalon.safety.seriousness import DEFAULT_CLOCKS, awareness, due, susar


def reports_due(view: View) -> Table:
    """T5-6: each report that is due, the most urgent first; an event whose clock cannot be read stands before them."""
    today = view.cutoff.latest
    unread: list[TableRow] = []
    known: list[tuple[date, TableRow]] = []
    for event in view.events:
        found = susar(event)
        if found.value is False or (event.start is not None and event.start.earliest > today):
            continue
        aware = awareness(event)
        if aware is None:
            unread.append(_row(view, event, "–", "day of awareness not recorded", "–", Tone.OPEN))
            continue
        for report in due(event, aware.earliest):
            left = (report.by - today).days
            state = (
                f"day passed by {-left}"
                if left < 0
                else "due on the day of the cut-off"
                if left == 0
                else f"{left} days left"
            )
            made = _row(
                view,
                event,
                str(report.by),
                f"{report.what}: {state}",
                str(aware),
                Tone.ALARM if left < 0 else Tone.PLAIN,
            )
            known.append((report.by, made))
    ordered = [made for _, made in sorted(known, key=lambda one: (one[0], one[1].key))]
    columns = heads("due=due by", "who", "event|26", "aware", "report|28", "because|44")
    clocks = DEFAULT_CLOCKS
    notes = (
        f"Calendar days from the sponsor's awareness (day 0): {clocks.fatal} if fatal or life-threatening, else "
        f"{clocks.other} "
        "(ICH E2A). Local law and the ethics committee may be stricter. Whether a report was sent is not "
        "recorded here.",
        "A seriousness that nobody recorded keeps its event in this table: silence does not stop a clock.",
    )
    title = "Suspected unexpected serious reactions and what may be one"
    return Table("T5-6", title, columns, keyed([*unread, *ordered]), "every event", notes, "No report is due.")


def _row(view: View, event: Occurrence, by: str, state: str, aware: str, tone: Tone) -> TableRow:
    reasons = "; ".join(one.replace("not known", "not recorded") for one in susar(event).reasons)
    grade = "not graded" if event.grade is None else f"grade {event.grade}"
    return row(
        f"{event.participant}.{event.start or 'undated'}", by, strong(event.participant),
        Cell(f"{event.term.name}, {grade}", None, view.of_lines(event.lines)), aware, Cell(state, tone=tone), reasons,
        who=event.participant,
    )  # fmt: skip


def not_counted(view: View) -> Table:
    """T5-7: what the dose rule does not count: late toxicity, severe events judged no DLT, counts without a grade."""
    rows = keyed(
        row(
            one.participant, strong(one.participant), one.infusion.level, said, who=one.participant,
        )
        for one in view.reviews
        if one.evidence
        for said in one.evidence.notes
    )  # fmt: skip
    columns = heads("who", "level>", "what=what is recorded, and what was judged|90")
    note = (
        "Every event of grade 4 or 5 and every death since infusion, toxicity judged limiting after its "
        "window, and clauses met but judged no."
    )
    return Table("T5-7", "Beside the count of the dose rule", columns, rows, "everybody infused", (note,), "Nothing.")
