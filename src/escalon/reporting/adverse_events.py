"""From recorded adverse events to coded ones.

An event whose words are no term of CTCAE v5.0 is kept and counted under its own words, as not coded.
"""

from escalon.casebook.records import AdverseEvent as Recorded
from escalon.casebook.records import Records
from escalon.instruments.safety.ctcae.terms import Term, UnknownTerm, find_event
from escalon.safety.adverse_event import AdverseEvent, Causality

NOT_CODED = "Not coded in CTCAE v5.0"


def events_of(records: Records) -> tuple[AdverseEvent, ...]:
    """Every recorded event, coded where its words are a term."""
    return tuple(event_of(one) for one in records.adverse_events)


def event_of(recorded: Recorded) -> AdverseEvent:
    """One recorded event; relation as recorded, not guessed where it is missing."""
    causes = {} if recorded.related is None else {
        "car_t_product": Causality.POSSIBLE if recorded.related else Causality.UNLIKELY
    }  # fmt: skip
    term = coded(recorded.term)
    return AdverseEvent(
        participant=recorded.participant,
        term=term,
        grade=recorded.grade,
        onset=recorded.start,
        end=recorded.end,
        ongoing=recorded.ongoing,
        verbatim=recorded.description or recorded.term,
        identifier=recorded.id,
        causes=causes,
        seriousness=frozenset({"death"} if recorded.outcome == "fatal" or recorded.grade == 5 else ()),
        is_serious=recorded.serious,
        expected=recorded.expected,
        component_of=recorded.component_of,
        treatment=tuple(part.strip() for part in recorded.action.split(",") if part.strip()),
        source=recorded.source,
    )


def coded(words: str) -> Term:
    """The term of an event's words, or a term of its own that says it is not coded."""
    try:
        return find_event(words)
    except UnknownTerm:
        return Term(words, NOT_CODED, "", dict.fromkeys(range(1, 6), ""))
