"""The funnel: how many people each clause lets through, keeps out, or cannot judge."""

from collections.abc import Sequence
from dataclasses import dataclass

from escalon.conduct.judge.screening import Screening, Verdict
from escalon.protocol.study import Study


@dataclass(frozen=True, slots=True)
class FunnelStep:
    """One clause: of those it applies to, how many meet it, fail it, or are not known; and who is left after it."""

    id: str
    title: str
    met: int
    not_met: int
    unknown: int
    not_applicable: int
    still_possible: int
    """People whom neither this clause nor an earlier one has kept out."""
    alone: int
    """People whom this clause alone keeps out: they would enter, or stay possible, without it."""


def funnel(study: Study, screenings: Sequence[Screening]) -> tuple[FunnelStep, ...]:
    """The study's clauses in order. Unknown keeps nobody out here: it may still be settled."""
    left = set(range(len(screenings)))
    failed = [[clause.criterion.id for clause in one.failed()] for one in screenings]
    steps = []
    for place, criterion in enumerate(study.criteria):
        verdicts = [one.clauses[place].verdict for one in screenings]
        left -= {number for number, verdict in enumerate(verdicts) if verdict is Verdict.NOT_MET}
        count = {verdict: verdicts.count(verdict) for verdict in Verdict}
        steps.append(
            FunnelStep(
                criterion.id,
                criterion.title or str(criterion.says),
                count[Verdict.MET],
                count[Verdict.NOT_MET],
                count[Verdict.UNKNOWN],
                count[Verdict.NOT_APPLICABLE],
                len(left),
                sum(ids == [criterion.id] for ids in failed),
            )
        )
    return tuple(steps)
