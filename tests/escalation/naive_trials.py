"""Deliberately naive simulations, one participant at a time, from the prose of each design; share no code with Escalon."""

from __future__ import annotations

import math
import random


def three_plus_three(risks: list[float], variant: str, rng: random.Random) -> tuple[int, list[int], list[int]]:
    """One 3+3 trial: (MTD, treated by level, DLTs by level)."""
    levels = len(risks)
    n, t = [0] * levels, [0] * levels

    def treat(level: int) -> None:
        for _ in range(3):
            n[level] += 1
            t[level] += rng.random() < risks[level]

    level = 0
    while True:
        treat(level)
        if t[level] == 1 and n[level] == 3:
            treat(level)
        if t[level] > 1:
            break
        if level == levels - 1:
            if variant == "V3" and n[level] == 3:
                treat(level)
                if t[level] > 1:
                    break
            return level + 1, n, t
        level += 1
    while True:  # `level` is too toxic
        level -= 1
        if level < 0:
            return 0, n, t
        if variant == "V1" or n[level] == 6:
            return level + 1, n, t
        treat(level)
        if t[level] <= 1:
            return level + 1, n, t


def isotonic(values: list[float], weights: list[float]) -> list[float]:
    """Pool adjacent violators."""
    blocks: list[list[float]] = []
    for value, weight in zip(values, weights, strict=True):
        blocks.append([value, weight, 1])
        while len(blocks) > 1 and blocks[-2][0] > blocks[-1][0]:
            v2, w2, k2 = blocks.pop()
            v1, w1, k1 = blocks.pop()
            blocks.append([(v1 * w1 + v2 * w2) / (w1 + w2), w1 + w2, k1 + k2])
    return [value for value, _, count in blocks for _ in range(int(count))]


def probability_above(n: int, t: int, target: float) -> float:
    """P(risk > target) after a uniform prior."""
    return sum(math.comb(n + 1, k) * target**k * (1 - target) ** (n + 1 - k) for k in range(t + 1))


def boin(
    risks: list[float], target: float, size: int, cohort: int, rng: random.Random
) -> tuple[int, list[int], list[int]]:
    """One BOIN trial."""
    low, high = 0.6 * target, 1.4 * target
    escalate = math.log((1 - low) / (1 - target)) / math.log(target * (1 - low) / (low * (1 - target)))
    descend = math.log((1 - target) / (1 - high)) / math.log(high * (1 - target) / (target * (1 - high)))
    levels = len(risks)
    n, t, closed, level = [0] * levels, [0] * levels, levels, 0
    while sum(n) < size:
        for _ in range(min(cohort, size - sum(n))):
            n[level] += 1
            t[level] += rng.random() < risks[level]
        if n[level] >= 3 and probability_above(n[level], t[level], target) > 0.95:
            closed = min(closed, level)
            if level == 0:
                return 0, n, t
        rate = t[level] / n[level]
        if level >= closed or (rate >= descend and level > 0):
            level -= 1
        elif rate <= escalate and level + 1 < closed:
            level += 1
    tried = [d for d in range(closed) if n[d] > 0]
    estimates = [(t[d] + 0.05) / (n[d] + 0.1) for d in tried]
    weights = [(n[d] + 0.1) ** 2 * (n[d] + 1.1) / ((t[d] + 0.05) * (n[d] - t[d] + 0.05)) for d in tried]
    smooth = isotonic(estimates, weights)
    best = min(range(len(tried)), key=lambda k: abs(smooth[k] + 1e-10 * (tried[k] + 1) - target))
    return tried[best] + 1, n, t


KNOWN: dict[tuple[float, ...], int] = {}  # the CRM's answer for counts met before


def crm(
    risks: list[float],
    skeleton: list[float],
    target: float,
    size: int,
    cohort: int,
    rng: random.Random,
    limited: bool = False,
) -> tuple[int, list[int], list[int]]:
    """One CRM trial (power model, no skipping), its integral by Simpson's rule.

    `limited`: no escalation after a cohort whose share of DLTs reached the target, nobody at or above a level that is too
    toxic, and a stop if that is the lowest.
    """
    levels = len(risks)
    n, t, level = [0] * levels, [0] * levels, 0

    def best() -> int:
        key = (*skeleton, target, *n, *t)
        if key not in KNOWN:
            above = below = 0.0
            for k in range(401):
                b = -8 + 0.04 * k
                weight = (1 if k in (0, 400) else 4 if k % 2 else 2) * math.exp(-b * b / 2 / 1.34)
                for p, some, dlts in zip(skeleton, n, t, strict=True):
                    risk = p ** math.exp(b)
                    weight *= risk**dlts * (1 - risk) ** (some - dlts)
                above += b * weight
                below += weight
            mean = above / below
            KNOWN[key] = min(range(levels), key=lambda d: abs(skeleton[d] ** math.exp(mean) - target))
        return KNOWN[key]

    def closed() -> int:
        toxic = (d for d in range(levels) if n[d] >= 3 and probability_above(n[d], t[d], target) > 0.95)
        return next(toxic, levels) if limited else levels

    while sum(n) < size:
        places = min(cohort, size - sum(n))
        before = t[level]
        for _ in range(places):
            n[level] += 1
            t[level] += rng.random() < risks[level]
        if closed() == 0:
            return 0, n, t
        highest = max(d for d in range(levels) if n[d])
        wanted = min(best(), highest + 1)
        if limited and (t[level] - before) / places >= target:
            wanted = min(wanted, level)
        level = min(wanted, closed() - 1)
    return min(best(), closed() - 1) + 1, n, t
