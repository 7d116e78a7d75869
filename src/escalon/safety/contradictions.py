"""What the adverse events of one participant say that cannot be true together, each in a sentence.

Source: checks of fatal outcomes and of dates after death as in pharmaverse/sdtmchecks.
"""

from collections.abc import Iterable, Sequence

from escalon.facts import Day
from escalon.safety.adverse_event import AdverseEvent, criteria, died_on, is_death
from escalon.safety.dlt_clauses import syndrome_of
from escalon.safety.occurrence import Occurrence, occurrences
from escalon.safety.words import Criterion, Outcome, read_outcome


def contradictions(
    events: Iterable[AdverseEvent], infusions: Iterable[Day] = (), others: Iterable[tuple[str, Day]] = ()
) -> tuple[str, ...]:
    """Everything that contradicts itself in one participant's record; `others` are what else is dated, by name.

    A sentence begins with where the row was read, if it says so, and names what to settle.
    """
    lines = tuple(events)
    whole = occurrences("", lines)
    found = [sentence for line in lines for sentence in _within(line)]
    found += [sentence for event in whole for sentence in _between_lines(event, whole)]
    found += _two_terms(lines) + _deaths(whole)
    died = died_on(lines)
    if died is not None:
        found += _after(died, lines, infusions, others)
    return tuple(dict.fromkeys(found))


def _within(line: AdverseEvent) -> list[str]:
    """What one line says against itself."""
    said, outcome = f"{_place(line)}{line.span}", read_outcome(line.outcome)
    found = []
    if line.grade == 5 and outcome not in (None, Outcome.FATAL, Outcome.UNKNOWN):
        found.append(f"{said}: grade 5 is death, and the outcome is «{line.outcome}». Correct one of the two")
    if is_death(line) and line.grade not in (None, 5):
        how = (
            f"the outcome is «{line.outcome}»"
            if outcome is Outcome.FATAL
            else "death is a criterion of its seriousness"
        )
        found.append(f"{said}: {how}, and the grade is {line.grade}. A fatal event has grade 5: correct one of the two")
    if Criterion.DEATH in criteria(line) and outcome not in (None, Outcome.FATAL, Outcome.UNKNOWN):
        found.append(f"{said}: death is a criterion of its seriousness, and the outcome is «{line.outcome}»")
    if line.serious is False and (criteria(line) or is_death(line)):
        found.append(f"{said}: not serious, and yet {', '.join(criteria(line)) or 'fatal'}. Correct one of the two")
    if is_death(line) and line.ongoing:
        found.append(f"{said}: fatal and ongoing. Write the day of death as its end")
    elif is_death(line) and line.end is None:
        found.append(f"{said}: fatal, and the day of death is not recorded. Write it as its end")
    if line.start and line.end and line.end.is_before(line.start) is True:
        found.append(f"{said}: it ends before it starts")
    return found


def _between_lines(event: Occurrence, whole: Sequence[Occurrence]) -> list[str]:
    """What the lines of one event say against each other, or against the rest."""
    said, judged = f"{_place(event.lines[0])}{event.span()}", {line.dlt for line in event.lines} - {None}
    found = []
    if len(judged) > 1:
        found.append(f"{said}: judged a DLT in one line and no DLT in another. Keep the later judgement")
    if event.component_of and syndrome_of(event, whole) is None:
        missing = f"a part of {event.component_of}, which is not recorded on those days"
        found.append(f"{said}: {missing}. Record it, or let the event stand by itself")
    return found


def _two_terms(lines: Iterable[AdverseEvent]) -> list[str]:
    terms: dict[str, dict[str, AdverseEvent]] = {}
    for event in occurrences("", lines):
        if event.id:
            terms.setdefault(event.id, {}).setdefault(event.term.name, event.lines[0])
    return [
        f"{_place(next(iter(some.values())))}the number {number} is given to {' and '.join(some)}. One number is one event"
        for number, some in terms.items()
        if len(some) > 1
    ]


def _deaths(whole: Iterable[Occurrence]) -> list[str]:
    fatal = [event for event in whole if event.is_fatal]
    if len(fatal) < 2:
        return []
    named = " and ".join(f"{_place(event.lines[0])}{event.span()}" for event in fatal)
    return [f"two deaths of one person: {named}. Keep the one that was the cause"]


def _after(
    died: Day, lines: Iterable[AdverseEvent], infusions: Iterable[Day], others: Iterable[tuple[str, Day]]
) -> list[str]:
    """Everything dated after the death."""
    found = [
        f"{_place(line)}{line.span}: it begins after the death on {died}"
        for line in lines
        if line.start is not None and died.is_before(line.start) is True
    ]
    found += [
        f"{_place(line)}{line.span}: it ends after the death on {died}"
        for line in lines
        if line.end is not None and died.is_before(line.end) is True and not is_death(line)
    ]
    found += [f"infused on {day}, after the death on {died}" for day in infusions if died.is_before(day) is True]
    return found + [
        f"{what} on {day}, after the death on {died}" for what, day in others if died.is_before(day) is True
    ]


def _place(line: AdverseEvent) -> str:
    return f"{line.source}: " if line.source else ""
