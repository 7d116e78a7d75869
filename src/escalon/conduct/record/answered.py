"""What the software adds to an entry before it is checked: the answer of the study's rules, which nobody types."""

from __future__ import annotations

from dataclasses import replace

from escalon.conduct.judge.answers import decision_answer, screening_answer
from escalon.conduct.permit.act import Act
from escalon.conduct.permit.refusal import refuse
from escalon.history.events import DecisionProposed, Event, ParticipantScreened


def answered(act: Act) -> Event:
    """The event with the answer of the rules beside what the person says. Raises Refused for an answer that was typed."""
    event: Event = act.event
    if not isinstance(event, ParticipantScreened | DecisionProposed):
        return event
    if event.answer is not None:
        raise refuse("answer", "the answer of the study's rules is found by the software, never written")
    as_of = event.as_of or act.today
    if isinstance(event, DecisionProposed):
        return replace(
            event, as_of=as_of, answer=decision_answer(act.study, act.informed(), as_of, stratum=event.stratum)
        )
    if event.participant not in act.trial.courses:
        return event
    act.know((event.participant,))
    return replace(event, as_of=as_of, answer=screening_answer(act.study, act.trial, event.participant, as_of))
