"""Narratives: for everybody with a serious or dose-limiting event, or a death, what the record says, in sentences to edit."""

from collections.abc import Iterator, Sequence

from escalon.conduct.judge.given import Given, amount_text
from escalon.conduct.judge.scores import STANDING
from escalon.facts import Day, plain
from escalon.facts.words import counted
from escalon.reporting.document import Block, Ground, Section, Text, Tone
from escalon.reporting.grounds import before, of_dose
from escalon.reporting.printed import dose, in_prose, listed, number
from escalon.reporting.view import View
from escalon.safety.occurrence import Occurrence

SEX, AGE = STANDING[:2]
DRAFTED = "Drafted from the record; the investigator edits and signs."


def narratives(view: View) -> tuple[Section, ...]:
    """A part with a paragraph for each participant with something to tell."""
    blocks: list[Block] = []
    for given in view.doses:
        some = told_of(view, given.participant)
        if some or view.trial.course(given.participant).died is not None:
            blocks += [Text(given.participant, Tone.STRONG), narrative(view, given, some)]
    is_told, none = bool(blocks), Text("No event recorded as serious, no dose-limiting event and no death is recorded.")
    if unknown := sum(event.serious is None for event in view.events):
        said = f"Of {counted(unknown, 'event')} nobody recorded the seriousness (listing 2)."
        blocks.append(Text(said, Tone.OPEN))
    return (Section("5.1", "Narratives", (Text(DRAFTED, Tone.MUTED) if is_told else none, *blocks)),)


def told_of(view: View, code: str) -> list[Occurrence]:
    """The events of one participant that a narrative tells of."""
    some = [event for event in view.events if event.participant == code]
    return [e for e in some if e.serious is True or e.is_fatal or any(line.dlt for line in e.lines)]


def narrative(view: View, given: Given, some: Sequence[Occurrence]) -> Text:
    """Who, what was given, and each event from its first day to its end."""
    course = view.trial.course(given.participant)
    sentences = [_person(view, given), *(sentence for event in some for sentence in _event(view, event))]
    if course.left is not None:
        sentences.append(f"The participant left the study on {course.left}.")
    if course.died is not None:
        sentences.append(f"Death is recorded on {course.died}.")
    grounds: tuple[Ground, ...] = (*of_dose(given, course), *view.of_events(some))
    return Text(in_prose(" ".join(sentences), view.trial.participants), grounds=grounds)


def _person(view: View, given: Given) -> str:
    facts = view.facts(given.participant)
    age, sex = before(facts, AGE, given.day), before(facts, SEX, given.day)
    years = f"{plain(age.value)}-year-old " if age else ""
    who = (
        f"A {years}{plain(sex.value) if sex else 'person'} with "
        f"{view.diseases.get(given.participant, 'a disease not recorded')}"
    )
    plan = view.study.dose
    if given.amount is None:
        return f"{who} was infused at level {given.level} on {given.day}; the dose given is not recorded."
    share = number(given.amount / plan.level(given.level).amount.value * 100, 0)
    unit = amount_text(plan, given).rpartition(" ")[2]
    return f"{who} was given {dose(given.amount)} {unit} (level {given.level}, {share} % of target) on {given.day}."


def _event(view: View, event: Occurrence) -> Iterator[str]:
    """What is recorded of one event, nothing more: no cause, no course that nobody wrote."""
    places = listed(dict.fromkeys(ground.place for ground in view.of_lines(event.lines)))
    person = view.people[event.participant]

    def when(day: Day) -> str:
        return f"in {day}" if day.is_partial else f"on day {person.day_of(day.earliest)}".replace("-", "−")

    began = f"began {when(event.start)}" if event.start else "began on a day not recorded"
    grade = "was not graded" if event.grade is None else f"reached grade {event.grade}"
    treated = f"; it was treated with {listed(event.actions)}" if event.actions else ""
    end = (
        f" and ended {when(event.end)}"
        if event.end
        else " and was going on at the cut-off"
        if event.ongoing
        else "; its end is not recorded"
    )
    joined = ", " if event.end or event.ongoing else " and "
    yield f"{event.term.name} {began}{joined}{grade}{treated}{end} [{places}]."
    serious = {True: "serious", False: "not serious", None: "of a seriousness not recorded"}[event.serious]
    related = {True: "related to the treatment", False: "not related", None: "of a relation not assessed"}[
        event.related
    ]
    criteria = f" ({listed(sorted(one.replace('_', ' ') for one in event.criteria))})" if event.criteria else ""
    judged = [line.dlt for line in event.lines if line.dlt is not None]
    limiting = (
        "" if not judged else "; it was judged dose-limiting" if any(judged) else "; it was judged not dose-limiting"
    )
    words = f", in the reporter's words «{event.verbatim}»" if event.verbatim != event.lines[0].term else ""
    yield f"It was recorded as {serious}{criteria} and {related}{limiting}{words}."
    if event.is_fatal:
        yield f"It was fatal{f' on {event.died}' if event.died else ', on a day not recorded'}."
