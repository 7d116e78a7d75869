"""A rule as a protocol prints it: its decision table, and its sentences (`Rule.prose`)."""

from __future__ import annotations

from escalon.escalation.decision_table import TableWalk
from escalon.escalation.errors import EscalationError
from escalon.escalation.guards import Guarded
from escalon.escalation.rule import Rule
from escalon.escalation.three_plus_three import AplusB
from escalon.escalation.thresholds import Ruling, verdict
from escalon.escalation.timed import Design

LETTERS = {
    Ruling.OPEN: "…",
    Ruling.PASSES: "E",
    Ruling.EXPAND: "S",
    Ruling.SETTLED: "E",
    Ruling.CEILING: "M",
    Ruling.TOXIC: "DU",
}


def core(rule: Rule) -> Rule:
    """The rule without its guards."""
    return core(rule.rule) if isinstance(rule, Guarded) else rule


def decision_rows(rule: Design) -> dict[int, tuple[str, ...]]:
    """What t = 0..n DLTs of n at the current level mean, per n: E, S, D, DU (closed).

    For an A+B design S is "add B more" and DU "too toxic"; M marks "may be the MTD, not to be escalated from". The CRM
    pools levels, so it has no such table.
    """
    match core(rule) if isinstance(rule, Rule) else rule:
        case TableWalk(table=table):
            cap = rule.cap or table.up_to
            return {n: row for n, row in table.rows().items() if n <= cap}
        case AplusB(thresholds=x):
            sizes = (x.a, *range(x.a + 1, x.size), x.size)
            return {n: tuple(LETTERS[verdict(x, n, t)] for t in range(n + 1)) for n in sizes}
        case Rule() as other:
            raise EscalationError(f"{other.name} pools all levels: no decision table by (n, DLTs) at one level exists")
        case timed:
            raise EscalationError(f"{timed.name} reads those pending too: no decision table by (n, DLTs) alone exists")
