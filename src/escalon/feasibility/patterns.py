"""What a reader could work out who weighs every pattern of verdicts that people may have: where few clauses keep anybody out.

Interval reasoning (`disclosure`) follows ties one at a time. Where clauses are few, counts tie so closely that several together
tell what none tells alone; there the least and the most of each small count are sought by linear programming over the patterns.
Of a study of many clauses only those are weighed that keep somebody out: a warehouse often knows a few of them alone.
"""

from collections.abc import Callable, Mapping, Sequence
from itertools import product

from escalon.feasibility.counting import MET, NOT_MET, UNKNOWN

FEW = 4
"""Clauses up to which all patterns are weighed: 3⁴ of them for each disease."""
FEW_FAILED = 8
"""Clauses that keep somebody out up to which the patterns of those failed are weighed: 2⁸."""
SOLVED, UNBOUNDED = 0, 3
"""How a linear programme of scipy ends; every other end tells nothing."""
Pattern = tuple[int, ...]


def is_worked_out(
    groups: Sequence[str],
    clauses: Sequence[int],
    verdicts: Sequence[int],
    shown: Mapping[str, int],
    shares: Mapping[int, int],
    small: Sequence[str],
    width: int,
) -> bool:
    """Whether what is shown leaves fewer than `width` numbers for one of the small counts.

    People may have each of the `verdicts` of each of the `clauses`, which are given by number. `shares` are the shown parts
    of the excluded, in whole percent, by clause.
    """
    from math import ceil, floor, inf, isfinite

    from scipy.optimize import linprog

    cells = [(group, pattern) for group in groups for pattern in product(verdicts, repeat=len(clauses))]
    counted = _counted(groups, clauses, UNKNOWN in verdicts)
    rows = {name: [float(of(group, pattern)) for group, pattern in cells] for name, of in counted.items()}
    known = [name for name in shown if name in rows]
    limits = []
    for k, percent in shares.items():
        at = clauses.index(k)
        part = [1 / pattern.count(NOT_MET) if pattern[at] == NOT_MET else 0.0 for _, pattern in cells]
        ends = [(percent + half) * shown["excluded"] / 100 for half in (0.5, -0.5)]
        limits += [(part, ends[0]), ([-one for one in part], -ends[1])]
    equal = [rows[name] for name in known] or None
    below = [row for row, _ in limits] or None

    def least(row: list[float]) -> float | None:
        """The least that a count can be, minus infinity where nothing bounds it; None where the programme does not tell."""
        told, most = [shown[name] for name in known] or None, [end for _, end in limits] or None
        found = linprog(row, A_ub=below, b_ub=most, A_eq=equal, b_eq=told, method="highs")
        return {SOLVED: found.fun, UNBOUNDED: -inf}.get(found.status)

    for name in (one for one in small if one in rows):
        low, beyond = least(rows[name]), least([-one for one in rows[name]])
        if low is None or beyond is None:
            return True  # what is not known to be hidden is not shown
        if isfinite(low) and isfinite(beyond) and floor(1e-6 - beyond) - ceil(low - 1e-6) + 1 < width:
            return True
    return False


def _counted(
    groups: Sequence[str], clauses: Sequence[int], has_unknown: bool
) -> dict[str, Callable[[str, Pattern], bool]]:
    """Whether somebody of a disease with a pattern of verdicts belongs to each count, by the name of the count."""
    heads: dict[str, Callable[[Pattern], bool]] = {
        "people": lambda p: True,
        "excluded": lambda p: NOT_MET in p,
        "possible": lambda p: NOT_MET not in p,
    }
    if has_unknown:
        heads |= {
            "undecided": lambda p: NOT_MET not in p and UNKNOWN in p,
            "eligible": lambda p: NOT_MET not in p and UNKNOWN not in p,
        }

    def of_clause(k: int, at: int) -> dict[str, Callable[[Pattern], bool]]:
        found: dict[str, Callable[[Pattern], bool]] = {
            f"not_met_{k}": lambda p: p[at] == NOT_MET,
            f"left_{k}": lambda p: NOT_MET not in p[: at + 1],
            f"removed_{k}": lambda p: p[at] == NOT_MET and NOT_MET not in p[:at],
            f"alone_{k}": lambda p: p[at] == NOT_MET and p.count(NOT_MET) == 1,
        }
        if not has_unknown:
            return found | {
                f"also_{k}": lambda p: p[at] == NOT_MET and p.count(NOT_MET) > 1,
                f"first_{k}": lambda p: p[at] == NOT_MET and NOT_MET not in p[:at] and p.count(NOT_MET) > 1,
            }
        return found | {
            f"unknown_{k}": lambda p: p[at] == UNKNOWN,
            f"gained_{k}": lambda p: p[at] != MET and all(one == MET for j, one in enumerate(p) if j != at),
        }

    of_all = heads | {name: of for at, k in enumerate(clauses) for name, of in of_clause(k, at).items()}
    found: dict[str, Callable[[str, Pattern], bool]] = {name: _of_anybody(of) for name, of in of_all.items()}
    return found | {f"{name} {group}": _of_one(of, group) for name, of in heads.items() for group in groups if group}


def _of_anybody(of: Callable[[Pattern], bool]) -> Callable[[str, Pattern], bool]:
    return lambda group, pattern: of(pattern)


def _of_one(of: Callable[[Pattern], bool], only: str) -> Callable[[str, Pattern], bool]:
    return lambda group, pattern: group == only and of(pattern)
