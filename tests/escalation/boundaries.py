"""A decision table as publications print it: the counts at which to escalate, de-escalate and eliminate."""

import numpy as np

from escalon.escalation.decision_table import Advice, DecisionTable


def boundaries(table: DecisionTable) -> dict[int, tuple[int | None, int | None, int | None]]:
    """Per n: escalate at t <= E, de-escalate at t >= D, eliminate at t >= X (None: never)."""
    found = {}
    for n in range(1, table.up_to + 1):
        row = table.cells[n, : n + 1]
        hits = (np.flatnonzero(row == Advice.ESCALATE)[::-1], np.flatnonzero(row <= Advice.DE_ESCALATE),
                np.flatnonzero(row <= Advice.ELIMINATE))  # fmt: skip
        e, d, x = (int(some[0]) if len(some) else None for some in hits)
        found[n] = e, d, x
    return found
