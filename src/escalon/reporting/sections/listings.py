"""Listings: one row a record, for whoever checks a table against what was written."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date
from fractions import Fraction

from escalon.conduct.judge.member import Member
from escalon.conduct.judge.scores import SEVERAL_DAYS
from escalon.facts import Day, Fact, Finding, plain
from escalon.facts import grounds as beneath
from escalon.history import Current
from escalon.history.events import TreatmentGiven
from escalon.reporting.build import Made, heads, keyed, row, strong
from escalon.reporting.document import NOT_APPLICABLE, Cell, Ground, Section, Table, TableRow, Text, Tone
from escalon.reporting.grounds import before, last_of, of_fact, of_facts, of_finding, of_treatment, place
from escalon.reporting.printed import as_recorded, day, dose, dose_of, listed, number, units, yes_no
from escalon.reporting.sections.exposure import departed
from escalon.reporting.sections.narratives import AGE, SEX
from escalon.reporting.view import View
from escalon.safety.occurrence import Occurrence
from escalon.safety.seriousness import susar


def listings(view: View) -> tuple[Section, ...]:
    """Every listing, each a part of its own."""
    view.told("listing records")
    tables = (
        adverse_events(view), serious(view), before_infusion(view), deaths(view), treatments(view), deviations(view),
        laboratory(view), scores(view),
    )  # fmt: skip
    parts = tuple(Section(f"11.{one.id[1:]}", one.title, (one,)) for one in tables)
    said = "Each listing stands whole in its own file; what is too long for paper stands there alone."
    return (Section("11", "Listings", (Text(said, Tone.MUTED),)), *parts)


# -- events -----------------------------------------------------------------------------------------------------------


def adverse_events(view: View) -> Table:
    """L1: every adverse event, each with its grades in steps."""
    rows = keyed(_event_row(view, event) for event in _in_order(view, view.events))
    return Table("L1", "Adverse events", _EVENT, rows, "everybody", (), "No adverse event is recorded.")


_EVENT = heads(
    "who · level> · term|24 · words=in their words|24 · grades=grade, in steps|16 · onset=onset, day> · start=from · end=to · "
    "serious · related · expected · outcome · dlt=DLT, by a person · done=treated with|18"
)


def _event_row(view: View, event: Occurrence) -> TableRow:
    code, first = event.participant, event.lines[-1]
    judged = [line.dlt for line in event.lines if line.dlt is not None]
    words = event.verbatim if event.verbatim != event.term.name else NOT_APPLICABLE
    return row(
        f"{code}.{event.start or 'undated'}",
        strong(code),
        view.level(code),
        Cell(event.term.name, None, view.of_lines(event.lines)),
        words,
        _steps(event),
        onset_of(view, event),
        day(event.start),
        end_of(event),
        yes_no(event.serious),
        yes_no(event.related, "not assessed"),
        yes_no(event.expected, "not assessed"),
        str(first.outcome or "not recorded"),
        yes_no(any(judged)) if judged else "not judged",
        listed(event.actions),
        who=code,
    )


def _in_order(view: View, events: Iterable[Occurrence]) -> list[Occurrence]:
    last = view.cutoff.latest
    known = (event for event in events if event.start is None or event.start.earliest <= last)
    return sorted(known, key=lambda one: (one.participant, str(one.start or ""), one.term.name))


def _steps(event: Occurrence) -> Made:
    """`3 → 2 → 1` where it moved."""
    grades = ["not graded" if line.grade is None else str(line.grade) for line in event.lines]
    moved = [grade for place, grade in enumerate(grades) if place == 0 or grade != grades[place - 1]]
    return Cell(" → ".join(moved), event.grade if len(moved) == 1 else None)


def onset_of(view: View, event: Occurrence) -> Made:
    """The day of onset counted from the infusion, where both are known in full."""
    person = view.people.get(event.participant)
    if event.start is None or person is None or event.start.is_partial:
        return None
    found = person.day_of(event.start.earliest)
    return Cell(number(found), found)


def end_of(event: Occurrence) -> str:
    """The last day of an event, that it goes on, or that nobody recorded its end."""
    return str(event.end) if event.end else "ongoing" if event.ongoing else "not recorded"


def serious(view: View) -> Table:
    """L2: serious events, and those of which nobody recorded whether they are; in the columns of a line listing for a DSUR."""
    some = [event for event in _in_order(view, view.events) if event.serious is not False]
    rows = keyed(_serious_row(view, event) for event in some)
    columns = heads(
        "case · who · country · age> · sex · event|22 · serious|18 · onset · dose=dose, level · after=day after infusion> · "
        "outcome · related · expected · reaction=unexpected reaction · comment|20"
    )
    notes = ("Where seriousness is not recorded the event stands here until somebody records it.",)
    none = "No serious event, and none of unknown seriousness."
    return Table("L2", "Serious adverse events", columns, rows, "everybody", notes, none)


def _serious_row(view: View, event: Occurrence) -> TableRow:
    code = event.participant
    age, sex = (before(view.facts(code), name, event.start) for name in (AGE, SEX))
    given = view.given.get(code)
    found = susar(event)
    reaction = {True: "yes", False: "no", None: "may be"}[found.value]  # type: ignore[index]
    criteria = listed(sorted(one.replace("_", " ") for one in event.criteria), "")
    said = {
        True: f"yes{f': {criteria}' if criteria else ', no criterion recorded'}",
        None: "not recorded",
        False: "no",
    }[event.serious]
    return row(
        f"{code}.{event.start or 'undated'}",
        event.id or f"{code}-{event.start or 'undated'}",
        strong(code),
        listed(dict.fromkeys(one.country for one in view.study.location)),
        plain(age.value) if age else None,
        plain(sex.value) if sex else None,
        Cell(
            f"{event.term.name}, {'not graded' if event.grade is None else f'grade {event.grade}'}",
            None,
            view.of_lines(event.lines),
        ),
        Cell(said, tone=Tone.PLAIN if event.serious else Tone.OPEN),
        day(event.start),
        f"{dose(given.amount)}, level {given.level}" if given else "not infused",
        onset_of(view, event),
        str(event.lines[-1].outcome or "not recorded"),
        yes_no(event.related, "not assessed"),
        yes_no(event.expected, "not assessed"),
        reaction,
        listed(event.actions),
        who=code,
    )


def before_infusion(view: View) -> Table:
    """L3: events that began before the infusion, among those infused; whether they lasted into it."""
    some = [e for e in _in_order(view, view.events) if e.participant in view.people and _began_before(view, e)]
    rows = keyed(_event_row(view, event) for event in some)
    return Table("L3", "Adverse events that began before infusion", _EVENT, rows, "everybody infused", (), "None.")


def _began_before(view: View, event: Occurrence) -> bool:
    return event.began_before(view.people[event.participant].infusion) is True


def deaths(view: View) -> Table:
    """L4: every death, of an event or recorded by itself."""
    rows: list[TableRow] = []
    for code in view.trial.participants:
        fatal = [event for event in view.events if event.participant == code and event.is_fatal]
        died = view.trial.course(code).died
        rows += [_death(view, code, one.died or died, one.term.name, view.of_lines(one.lines)) for one in fatal]
        if died is not None and not fatal:
            said = last_of(view.facts(code), view.study.roles.of("death") or "")
            grounds = () if said is None else (of_fact(said, code),)
            rows.append(_death(view, code, died, "cause not recorded", grounds))
    columns = heads("who", "disease", "level>", "day", "after=day after infusion>", "cause|40")
    return Table("L4", "Deaths", columns, keyed(rows), "everybody", (), "No death is recorded.")


def _death(view: View, code: str, died: Day | None, cause: str, grounds: tuple[Ground, ...]) -> TableRow:
    person = view.people.get(code)
    after = person.day_of(died.earliest) if person and died and not died.is_partial else None
    return row(
        code, strong(code), view.diseases.get(code), view.level(code), day(died), after, Cell(cause, None, grounds), who=code,
    )  # fmt: skip


# -- treatments and departures ----------------------------------------------------------------------------------------


def treatments(view: View) -> Table:
    """L5: every drug or procedure, earlier and concomitant, of everybody infused."""
    rows = keyed(
        _treatment_row(view, code, one)
        for code in view.people
        for one in sorted(
            view.trial.course(code).treatments, key=lambda one: (str(one.event.start or ""), one.event.treatment)
        )
    )
    columns = heads(
        "who", "level>", "drug|26", "dose", "route", "from", "to", "when=against infusion|22", "for=given for|30"
    )
    return Table(
        "L5", "Earlier and concomitant treatment", columns, rows, "everybody infused", (), "No treatment is recorded."
    )


def _treatment_row(view: View, code: str, one: Current[TreatmentGiven]) -> TableRow:
    given, infused = one.event, view.people[code].infusion
    end = str(given.end) if given.end else "ongoing" if given.ongoing else "not recorded"
    return row(
        f"{code}.{given.treatment}",
        strong(code),
        view.level(code),
        Cell(given.treatment.replace("_", " "), None, (of_treatment(code, one),)),
        dose_of(given),
        given.route,
        day(given.start),
        end,
        _against(given, infused),
        given.indication,
        who=code,
    )


def _against(given: TreatmentGiven, infused: date) -> str:
    """How a treatment stands to the infusion, where its days say so: an end that nobody recorded is not one after it."""
    if given.start is None:
        return "day not recorded"
    if given.start.latest >= infused:
        return "begun after" if given.start.earliest >= infused else "begun in the month or year of it"
    if given.end is None:
        return "over it" if given.ongoing else "begun before, end not recorded"
    if given.end.latest < infused:
        return "ended before"
    return "over it" if given.end.earliest >= infused else "ended in the month or year of it"


def deviations(view: View) -> Table:
    """L6: every departure from the study's rules, as in Table 3-3."""
    return replace(departed(view), id="L6", title="Departures from the study's rules")


# -- laboratory and scores --------------------------------------------------------------------------------------------


def laboratory(view: View) -> Table:
    """L7: every laboratory result of grade 3 or more since lymphodepletion."""
    rows = []
    for code, some in view.laboratory.items():
        person = view.people[code]
        for one in some:
            taken = one.fact.day
            if (one.grade or 0) < 3 or taken is None or taken.earliest > view.cutoff.latest:
                continue
            grounds = of_finding(one.finding, code) or (of_fact(one.fact, code),)
            rows.append(
                row(
                    f"{code}.{one.fact.name}.{taken}",
                    strong(code),
                    view.level(code),
                    one.term,
                    Cell(str(one.grade), one.grade, grounds),
                    units(f"{number(one.fact.value)} {one.fact.unit or ''}".strip()),
                    str(taken),
                    None if taken.is_partial else person.day_of(taken.earliest),
                    place(one.fact.source),
                    who=code,
                )
            )
    columns = heads("who", "level>", "term|30", "grade>", "result", "taken", "after=day after infusion>", "place|20")
    about = "everybody infused · grade 3 or more by CTCAE v5.0 from the number alone"
    return Table("L7", "Laboratory results of grade 3 or more", columns, keyed(rows), about, (), "None.")


def scores(view: View) -> Table:
    """L8: every score with the items it was computed from, or why there is none."""
    rows = keyed(_score_row(view, one.code, fact) for one in view.members for fact in _scores_of(view, one))
    columns = heads(
        "who · disease · level> · score|22 · visit · day · value> · category|16 · items|90 · why=without a value, because|26"
    )
    return Table("L8", "Scores with their items", columns, rows, "everybody infused", (), "No score could be computed.")


def _scores_of(view: View, who: Member) -> Iterator[Fact]:
    """Each instrument's own result at each visit; its parts stand in the items."""
    wanted = set(view.study.instruments)
    for fact in who.facts:
        if fact.name in wanted and isinstance(fact.behind, Finding):
            yield fact


def _item(item: Fact, scored: Day | None) -> str:
    """An item with its value, that of a score as scores are printed; and its day, where that is not the day of the score."""
    value = plain(item.value) if item.behind is None else _score(item.value)
    said = units(f"{item.name.rpartition('.')[2].replace('_', ' ')} {value} {item.unit or ''}".rstrip())
    return said if item.day in (scored, None) else f"{said} ({item.day})"


def _score(value: object) -> str:
    """A score with the digits that its table prints."""
    return (
        as_recorded(value)
        if isinstance(value, int | float | Fraction) and not isinstance(value, bool)
        else plain(value)
    )


def _score_row(view: View, code: str, fact: Fact) -> TableRow:
    finding = fact.behind
    assert isinstance(finding, Finding)
    items = listed(_item(one, fact.day) for one in beneath(finding) if one.source or one.participant)
    whole = None if fact.value is None else _score(fact.value)
    flagged = [flag for flag in finding.flags if flag == SEVERAL_DAYS]
    why = "; ".join(finding.reasons[:2]).replace("_", " ") if fact.value is None or flagged else ""
    return row(
        f"{code}.{fact.name}.{fact.visit or fact.day}", strong(code), view.diseases.get(code), view.level(code),
        view.label(fact.name), fact.visit or NOT_APPLICABLE, str(fact.day or "not recorded"),
        Cell(f"{whole} {fact.unit or ''}".strip() if whole else "no value", None, of_facts((fact,), code), finding.rule),
        finding.category, items, why, who=code,
    )  # fmt: skip
