"""What a reader could work out who weighs every pattern of verdicts that people may have.

Interval reasoning (`disclosure`) follows ties one at a time. Several ties together may tell what none tells alone; there the
least and the most of each small count are sought by linear programming over the patterns. A clause counts with the verdicts
that somebody has of it: of a study of many clauses a warehouse often leaves only a few that keep anybody out.
"""

from collections.abc import Callable, Mapping, Sequence
from itertools import product
from math import prod

from escalon.feasibility.counting import MET, NOT_MET, UNKNOWN

MANY = 1000
"""Patterns, those of each disease counted apart, up to which all are weighed."""
SOLVED, UNBOUNDED = 0, 3
"""How a linear programme of scipy ends; every other end tells nothing."""
Pattern = tuple[int, ...]
Verdicts = tuple[int, ...]


def weighed(groups: Sequence[str], counts: Mapping[str, int], clauses: int) -> tuple[Sequence[str], list[Verdicts]]:
    """The diseases, and of each clause the verdicts, by which people are told apart; no verdicts where that is too much.

    Where too many verdicts are unknown of somebody it is weighed who fails what, and where diseases are many, all as one.
    """
    people = counts["people"]

    def had(k: int) -> Verdicts:
        failed, unknown = counts[f"not_met_{k}"], counts[f"unknown_{k}"]
        has = ((MET, failed + unknown < people), (NOT_MET, failed), (UNKNOWN, unknown))
        return tuple(verdict for verdict, somebody in has if somebody) or (MET,)

    every = [had(k) for k in range(clauses)]
    failed: list[Verdicts] = [(MET, NOT_MET) if NOT_MET in one else (MET,) for one in every]
    for among, verdicts in ((groups, every), ([""], every), ([""], failed)):
        if len(among) * prod(map(len, verdicts)) <= MANY:
            return among, verdicts
    return [""], []


def is_worked_out(
    groups: Sequence[str],
    verdicts: Sequence[Verdicts],
    shown: Mapping[str, int],
    shares: Mapping[int, int],
    small: Sequence[str],
    width: int,
) -> bool:
    """Whether what is shown leaves fewer than `width` numbers for one of the small counts.

    People may have each of the `verdicts` of each clause. `shares` are the shown parts of the excluded, in whole percent,
    by clause.
    """
    from math import ceil, floor, inf, isfinite

    from scipy.optimize import linprog

    cells = [(group, pattern) for group in groups for pattern in product(*verdicts)]
    counted = _counted(groups, len(verdicts), any(UNKNOWN in one for one in verdicts))
    rows = {name: [float(of(group, pattern)) for group, pattern in cells] for name, of in counted.items()}
    told = {tuple(rows[name]): count for name, count in shown.items() if name in rows}
    equal, totals = list(told) or None, list(told.values()) or None
    limits = []
    for k, percent in shares.items():
        part = [1 / pattern.count(NOT_MET) if pattern[k] == NOT_MET else 0.0 for _, pattern in cells]
        ends = [(percent + half) * shown["excluded"] / 100 for half in (0.5, -0.5)]
        limits += [(part, ends[0]), ([-one for one in part], -ends[1])]
    below, most = [row for row, _ in limits] or None, [end for _, end in limits] or None

    def least(row: tuple[float, ...]) -> float | None:
        """The least that a count can be, minus infinity where nothing bounds it; None where the programme does not tell."""
        found = linprog(row, A_ub=below, b_ub=most, A_eq=equal, b_eq=totals, method="highs")
        return {SOLVED: found.fun, UNBOUNDED: -inf}.get(found.status)

    for row in dict.fromkeys(tuple(rows[one]) for one in small if one in rows):
        low, beyond = least(row), least(tuple(-one for one in row))
        if low is None or beyond is None:
            return True  # what is not known to be hidden is not shown
        if isfinite(low) and isfinite(beyond) and floor(1e-6 - beyond) - ceil(low - 1e-6) + 1 < width:
            return True
    return False


def _counted(groups: Sequence[str], clauses: int, has_unknown: bool) -> dict[str, Callable[[str, Pattern], bool]]:
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

    def of_clause(k: int) -> dict[str, Callable[[Pattern], bool]]:
        found: dict[str, Callable[[Pattern], bool]] = {
            f"not_met_{k}": lambda p: p[k] == NOT_MET,
            f"left_{k}": lambda p: NOT_MET not in p[: k + 1],
            f"removed_{k}": lambda p: p[k] == NOT_MET and NOT_MET not in p[:k],
            f"alone_{k}": lambda p: p[k] == NOT_MET and p.count(NOT_MET) == 1,
        }
        if not has_unknown:
            return found | {
                f"also_{k}": lambda p: p[k] == NOT_MET and p.count(NOT_MET) > 1,
                f"first_{k}": lambda p: p[k] == NOT_MET and NOT_MET not in p[:k] and p.count(NOT_MET) > 1,
            }
        return found | {
            f"unknown_{k}": lambda p: p[k] == UNKNOWN,
            f"gained_{k}": lambda p: p[k] != MET and p.count(MET) == clauses - 1,
        }

    of_all = heads | {name: of for k in range(clauses) for name, of in of_clause(k).items()}
    found: dict[str, Callable[[str, Pattern], bool]] = {name: _of_anybody(of) for name, of in of_all.items()}
    return found | {f"{name} {group}": _of_one(of, group) for name, of in heads.items() for group in groups if group}


def _of_anybody(of: Callable[[Pattern], bool]) -> Callable[[str, Pattern], bool]:
    return lambda group, pattern: of(pattern)


def _of_one(of: Callable[[Pattern], bool], only: str) -> Callable[[str, Pattern], bool]:
    return lambda group, pattern: group == only and of(pattern)
