"""The committee's packet: two pages on whether dosing may go on, and one open page without anybody's outcome."""

from collections.abc import Iterable
from dataclasses import replace

from escalon.conduct.judge.departures import ActDeparture
from escalon.conduct.judge.dosing import NextDose
from escalon.escalation import Outcome
from escalon.facts import together
from escalon.protocol.design import in_days
from escalon.reporting.build import heads, keyed, row, strong
from escalon.reporting.document import Beside, Block, Cell, Document, Section, Signatures, Table, TableRow, Text, Tone
from escalon.reporting.printed import listed, number, told, yes_no
from escalon.reporting.reasons import in_words
from escalon.reporting.sections.answer import alarms, answer
from escalon.reporting.sections.completeness import COUNTS, counts, due_of, joined
from escalon.reporting.sections.escalation import evidence_by_day, levels, limiting, outlook_table, path
from escalon.reporting.sections.listings import end_of, onset_of
from escalon.reporting.sections.narratives import narrative, told_of
from escalon.reporting.view import View
from escalon.safety.occurrence import Occurrence

NEWEST = 6
"""The windows drawn day by day on the packet's pages: the newest; the full report draws all."""
MOST = 18
"""So many people fit the packet's table of evidence; of more, those with something to look at, and the newest."""
CLOSED, OPEN = "committee packet", "committee packet, open part"


def packet(view: View, windows: int = NEWEST) -> Document:
    """Where the trial stands, the cohort table, the evidence, what is open, the outlook, and where to sign.

    `windows` of the newest are drawn day by day, as many as the pages hold.
    """
    title = "Safety review: may dosing go on, and at which level?"
    parts = (Section("", "", _evidence(view, windows)), Section("", "", _beside(view)))
    return view.document(CLOSED, title, parts, _subtitle(view))


def _subtitle(view: View) -> str:
    plan = view.study.dose
    reached = f"{len(view.doses)} infused of at most {view.study.most}"
    return f"{view.study.title} · {plan.rule.replace('_', ' ')} over {len(plan.levels)} dose levels · {reached}"


def _evidence(view: View, windows: int) -> tuple[Block, ...]:
    drawn = evidence_by_day(view, windows)
    calendar = (path(view),) if 0 < len(view.reviews) <= NEWEST else ()
    return (answer(view), levels(view), *calendar, outlook_table(view), _limiting(view), *alarms(view), drawn)


def _limiting(view: View) -> Table:
    """Everybody, or of many those whose line asks to be read."""
    if len(view.reviews) <= MOST:
        return limiting(view)
    asked = [one for one in view.reviews if one in view.unsettled or one.outcome is not Outcome.NO_DLT]
    rest = [one for one in view.reviews if one not in asked][-max(MOST - len(asked), 0) :] if len(asked) < MOST else []
    shown = [one for one in view.reviews if one in asked[-MOST:] or one in rest]
    table = limiting(view, shown)
    note = f"{len(shown)} of {len(view.reviews)}: DLTs, open and pending first, then the newest; all stand in the full report."
    return replace(table, notes=(note, *table.notes))


def _beside(view: View) -> tuple[Block, ...]:
    stories: list[Block] = []
    for given in view.doses:
        judged = told_of(view, given.participant)
        if any(line.dlt for event in judged for line in event.lines) or any(event.is_fatal for event in judged):
            stories += [Text(f"Narrative: {given.participant}", Tone.STRONG), narrative(view, given, judged)]
    return (
        severe(view), *stories, Beside((recorded(view), set_aside(view)), (1, 1)), rests_on(view),
        Text("Decision of the committee", Tone.STRONG),
        Signatures(
            ("follow the rule", "hold", "a lower level", "other, because:"),
            ("Chair, name and date", "Member, name and date", "Statistician, name and date"),
        ),
    )  # fmt: skip


def severe(view: View) -> Table:
    """Serious events, and events of grade 3 or more, that are new or worse since infusion."""
    kept = [event for event in view.emergent if event.serious or event.grade is None or event.grade >= 3]
    unknown = sum(event.serious is None and event not in kept for event in view.emergent)
    notes = [f"{unknown} further events of grade 1 or 2 have no seriousness recorded (listing 2)."] if unknown else []
    if earlier := sum(_severe_before(view, event) for event in view.events):
        notes.append(
            f"{earlier} events of grade 3 or more began before infusion; they are in Figure 4-2 and in listing 3."
        )
    columns = heads(
        "who · level> · event|26 · grade> · onset=onset day> · days> · serious · related · treated=treated with|26 · ended"
    )
    title = "Serious events and events of grade 3 or more since infusion"
    return Table("P-1", title, columns, keyed(_severe_row(view, one) for one in kept), "", tuple(notes), "None.")


def _severe_before(view: View, event: Occurrence) -> bool:
    person = view.people.get(event.participant)
    severe_ = event.grade is not None and event.grade >= 3
    return person is not None and severe_ and event not in view.emergent and event.began_before(person.infusion) is True


def _severe_row(view: View, event: Occurrence) -> TableRow:
    known = event.start and event.end and not event.start.is_partial and not event.end.is_partial
    lasted = (event.end.earliest - event.start.earliest).days + 1 if known and event.start and event.end else None
    serious = Cell(yes_no(event.serious), tone=Tone.PLAIN if event.serious is not None else Tone.OPEN)
    return row(
        event.participant, strong(event.participant), view.level(event.participant),
        Cell(event.term.name, None, view.of_lines(event.lines)), event.grade if event.grade is not None else "not graded",
        onset_of(view, event), lasted, serious, yes_no(event.related, "not assessed"),
        listed(event.actions, "nothing recorded"), end_of(event), who=event.participant,
    )  # fmt: skip


def recorded(view: View) -> Table:
    """What the schedule asked for by the cut-off, by visit: those of the DLT window one by one, later ones together."""
    dues, days = due_of(view), in_days(view.study.dose.dlt_window)
    rows, later = [], []
    for visit in view.study.visits:
        some = [one for (id, _), one in dues.items() if id == visit.id]
        if visit.day > days:
            later += some
        elif any(any(one.values()) for one in some):
            rows.append(row(visit.id, f"{visit.id}, day {number(visit.day)}", *counts(joined(some))))
    if later:
        rows.append(row("later", "later visits", *counts(joined(later))))
    columns = (*heads("visit"), *COUNTS)
    note = "Measures of everybody infused; by measure and person in section 8 of the full report."
    return Table(
        "P-2", "Recorded of what the schedule asked for", columns, tuple(rows), "", (note,), "Nothing was due."
    )


def set_aside(view: View) -> Table:
    """Departures, overrides and people who left, each counted with who."""
    off = [one for one in view.departures if one.rule == "dose"]
    unfit = [one for one in view.departures if one.rule == "eligibility"]
    others = [one for one in view.departures if one.rule not in ("dose", "eligibility")]
    left = [one.participant for one in view.reviews if view.trial.course(one.participant).left is not None]
    refused = [f"{one.file}:{one.line}" for one in view.intake.refused]
    rows = (
        _kind("dose", "dose outside its level, or not recorded", [f"{one.participant}: {one.says}" for one in off]),
        _kind(
            "eligibility",
            "infused though not eligible by the record",
            [f"{one.participant}: {one.says}" for one in unfit],
        ),
        _kind(
            "rule",
            "other departures from the study's rules",
            _in_one(others),
        ),
        _kind("override", "rule overridden", [one.given.what for one in view.whole.overrides.values()]),
        _kind("left", "left the study", left),
        _kind("refused", "rows that cannot be read, kept out of this packet", refused),
    )
    columns = heads("kind|30", "n>", "who=who and why|40")
    return Table("P-3", "Departures from the protocol, overrides, and people who left", columns, rows)


def _in_one(some: Iterable[ActDeparture]) -> list[str]:
    """Departures that say the same in one, with everybody it is said of."""
    who = together((f"({one.rule}): {one.says}", one.participant) for one in some)
    return [f"{listed(codes)} {said}" for said, codes in who.items()]


def _kind(key: str, what: str, some: list[str]) -> TableRow:
    return row(key, what, Cell(str(len(some)), len(some), tone=Tone.OPEN if some else Tone.PLAIN), told(some, 4))


def rests_on(view: View) -> Table:
    """The readings that the answer rests on and that nobody has signed."""
    wanted = view.dose.assumptions if isinstance(view.dose, NextDose) else view.study.assumed("dose", "dlt")
    rows = tuple(
        row(id, strong(id), in_words(view.study.in_force(id)), view.study.assumption(id).signer)
        for id in wanted
        if id not in view.agreed
    )
    title = "What the answer rests on: read so, and not yet signed"
    return Table("P-4", title, heads("id|20", "read=read as|72", "signs|29"), rows, "", (), "No assumption.")


# -- the open part ----------------------------------------------------------------------------------------------------


def open_packet(view: View) -> Document:
    """Accrual, completeness and what was set aside: nothing that tells the outcome of anybody."""
    blocks: tuple[Block, ...] = (Text(_OPEN, Tone.MUTED), accrual(view), recorded(view), readings(view))
    return view.document(OPEN, "Open part: accrual and completeness", (Section("", "", blocks),), _subtitle(view))


_OPEN = (
    "This part holds no outcome, no dose-limiting toxicity and no adverse event of anybody, and names no participant."
)


def accrual(view: View) -> Table:
    """How many were screened, were eligible and infused, in all and by disease."""
    infused = {given.participant for given in view.doses}
    diseases = [one.id for one in view.study.diseases]

    def counts(key: str, name: str, codes: set[str]) -> TableRow:
        return row(key, name, len(codes), *(sum(view.diseases.get(code) == one for code in codes) for one in diseases))

    rows = (
        counts("screened", "screened", {one.participant for one in view.screenings}),
        counts("eligible", "eligible", {one.participant for one in view.screenings if one.eligible}),
        counts("infused", f"infused, of at most {view.study.most}", infused),
    )
    columns = heads("step|30", "all>", *(f"{one}={one}>" for one in diseases))
    return Table("P-5", "Accrual", columns, rows)


def readings(view: View) -> Table:
    """How the source was read."""
    rows = tuple(row(f"file.{one.file}", one.file, one.read, one.used, one.refused) for one in view.intake.counts)
    columns = heads("file|30", "read=rows read>", "used>", "refused>")
    return Table("P-6", "What was read", columns, rows, "", (), "A casebook: every entry stands in its chain.")
