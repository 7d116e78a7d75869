"""Cohorts and dose-limiting toxicities: by participant, and counted by level."""

from escalon.conduct.judge.dosing import OUTCOMES, NextDose
from escalon.conduct.judge.given import amount_text
from escalon.escalation import Outcome
from escalon.protocol.study import DosePlan
from escalon.reporting.tables.grid import Grid

_LEFT = frozenset({"level", "participant", "infused", "window ends", "outcome", "why", "dose level"})


def level_grid(plan: DosePlan, found: NextDose) -> Grid:
    """One row for each dose level: infused, evaluable, DLTs, pending."""
    rows = []
    for level in plan.levels:
        here = [review for review in found.reviews if review.infusion.level == level.number]
        count = {outcome: sum(review.outcome is outcome for review in here) for outcome in Outcome}
        evaluable = count[Outcome.NO_DLT] + count[Outcome.DLT]
        name = f"{level.number} {level.name}: {level.amount} ({level.amount.window_text(plan.tolerance)})"
        cells_ = (len(here), evaluable, count[Outcome.DLT], count[Outcome.PENDING], count[Outcome.NOT_EVALUABLE])
        rows.append((name, *map(str, cells_)))
    columns = ("dose level", "infused", "evaluable", "DLT", "pending", "not evaluable")
    notes = (f"The conduct so far: {found.conduct or 'nobody infused'}. N no DLT, T DLT, P pending, X not evaluable.",)
    return Grid("Dose levels", columns, tuple(rows), notes, frozenset({"dose level"}))


def participant_grid(plan: DosePlan, found: NextDose) -> Grid:
    """One row for each participant infused."""
    rows = tuple(
        (
            one.participant, str(one.infusion.level), str(one.infusion.day),
            "" if one.infusion.amount is None else amount_text(plan, one.infusion),
            str(one.window_ends), OUTCOMES[one.outcome], "; ".join(part for part in (one.why, one.deviation) if part),
        )
        for one in found.reviews
    )  # fmt: skip
    columns = ("participant", "level", "infused", "dose given", "window ends", "outcome", "why")
    return Grid("Participants infused", columns, rows, (), _LEFT)
