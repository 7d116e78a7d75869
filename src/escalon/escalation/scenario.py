"""Scenarios: what the truth could be, beyond one list of risks.

A counting rule sees only whether each evaluable participant had a DLT within the window. Whatever makes that happen
(late DLTs, mixed diseases, doses that miss their level), as long as participants are alike in law and independent,
each evaluable participant at a level is one toss of one coin. So every scenario here reduces to the risk *seen* by
the rule, and the operating characteristics stay exact; what the scenario changes besides (who is enrolled in vain,
which risk the dose really has) is reported next to them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations_with_replacement
from typing import Any

import numpy as np
from numpy.typing import NDArray

from escalon.escalation.errors import EscalationError
from escalon.escalation.truth import checked_truths, is_monotone

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Basket:
    """One disease in a shared escalation: its share of the participants and its own DLT risk by level."""

    name: str
    share: float
    risks: tuple[float, ...]


@dataclass(frozen=True)
class Dosing:
    """What is really infused: `spread` around each level (0.2 is ±20 %, uniform), and products that fall short.

    A share `underdosed` receives only `reaches` of the level's dose. They stay at the level they were planned for
    (flagged, never re-levelled); if `replaced`, they do not count unless they have a DLT.
    """

    doses: tuple[float, ...]
    spread: float = 0.0
    underdosed: float = 0.0
    reaches: float = 0.5
    replaced: bool = False


@dataclass(frozen=True)
class Scenario:
    """A truth: DLT risk by level, and what stands between it and what the rule sees.

    `late` is the share of DLTs that come after the window (unseen); `not_evaluable` the share of participants
    without a DLT who leave before the window ends and are replaced; a DLT always counts.
    """

    name: str
    risks: tuple[float, ...] = ()
    late: float = 0.0
    not_evaluable: float = 0.0
    baskets: tuple[Basket, ...] = ()
    dosing: Dosing | None = None

    def __post_init__(self) -> None:
        if self.baskets:
            object.__setattr__(self, "risks", self._pooled())
        if not self.risks:
            raise EscalationError(
                f"Scenario “{self.name}” has no risks. Write one DLT risk per level: 0.05, 0.15, 0.30"
            )
        object.__setattr__(self, "risks", tuple(float(risk) for risk in self.risks))
        checked_truths(self.risks, len(self.risks))
        for what, share in (("late", self.late), ("not_evaluable", self.not_evaluable)):
            if not 0 <= share < 1:
                raise EscalationError(
                    f"Scenario “{self.name}”: {what} = {share} is not a share; write 0 up to, not including, 1"
                )
        if self.dosing and len(self.dosing.doses) != len(self.risks):
            raise EscalationError(
                f"Scenario “{self.name}”: {len(self.dosing.doses)} doses for {len(self.risks)} levels"
            )

    def _pooled(self) -> tuple[float, ...]:
        total = sum(basket.share for basket in self.baskets)
        if abs(total - 1) > 1e-9:
            raise EscalationError(f"Scenario “{self.name}”: the shares of the diseases add up to {total:g}, not 1")
        if len({len(basket.risks) for basket in self.baskets}) != 1:
            raise EscalationError(f"Scenario “{self.name}”: every disease needs one risk per level")
        return tuple(
            np.einsum("b,bd->d", [one.share for one in self.baskets], [one.risks for one in self.baskets]).tolist()
        )

    @property
    def title(self) -> str:
        """The name and the risks, once."""
        risks = "true DLT risk " + ", ".join(f"{risk:g}" for risk in self.risks)
        return f"{self.name}: {risks}" if self.name else risks

    @property
    def is_monotone(self) -> bool:
        """True if the risk never falls from one level to the next; other truths are allowed, and named."""
        return is_monotone(self.risks)

    @property
    def total(self) -> Floats:
        """The DLT risk by level of what is really infused, whenever the DLT comes."""
        return np.array(self.risks) if self.dosing is None else _infused(np.array(self.risks), self.dosing)

    @property
    def evaluable(self) -> Floats:
        """The probability, by level, that an enrolled participant counts."""
        within = self.total * (1 - self.late)
        return within + (1 - within) * (1 - self.leaving)

    @property
    def leaving(self) -> float:
        """The share of participants without a DLT who do not count."""
        replaced = self.dosing.underdosed if self.dosing and self.dosing.replaced else 0.0
        return 1 - (1 - self.not_evaluable) * (1 - replaced)

    @property
    def seen(self) -> Floats:
        """The DLT risk by level among those who count: what the rule meets."""
        return self.total * (1 - self.late) / self.evaluable

    def notes(self) -> tuple[str, ...]:
        """What a reader must know about this scenario."""
        found = [] if self.is_monotone else ["the true risk falls at some level: not monotone"]
        if self.late:
            found.append(f"{self.late:.0%} of DLTs come after the window and are not seen by the rule")
        if self.not_evaluable:
            found.append(f"{self.not_evaluable:.0%} of those without a DLT are not evaluable and are replaced")
        if self.baskets:
            found.append("pooled over " + ", ".join(f"{one.name} ({one.share:.0%})" for one in self.baskets))
        if self.dosing and self.dosing.spread:
            found.append(f"doses spread ±{self.dosing.spread:.0%} around each level")
        if self.dosing and self.dosing.underdosed:
            fate = "replaced" if self.dosing.replaced else "counted at their level"
            found.append(f"{self.dosing.underdosed:.0%} receive {self.dosing.reaches:.0%} of the dose, {fate}")
        return tuple(found)

    def dlts_by_disease(self, patients: Floats) -> dict[str, Floats]:
        """Expected DLTs by disease and level, from the expected numbers treated by level."""
        return {one.name: one.share * np.array(one.risks) * (1 - self.late) * patients for one in self.baskets}


def _infused(risks: Floats, dosing: Dosing) -> Floats:
    """The risk by level averaged over the doses really infused; between levels the logit is linear in log dose."""
    clipped = np.clip(risks, 1e-9, 1 - 1e-9)
    x, y = np.log(np.array(dosing.doses, dtype=np.float64)), np.log(clipped / (1 - clipped))

    def risk_at(dose: Floats) -> Floats:
        at = np.log(dose)
        inside = np.interp(at, x, y)
        low, high = _slope(x, y, 0), _slope(x, y, -2)
        logit = np.where(at < x[0], y[0] + low * (at - x[0]), np.where(at > x[-1], y[-1] + high * (at - x[-1]), inside))
        expit: Floats = 1 / (1 + np.exp(-logit))
        return expit

    factors = 1 + dosing.spread * np.linspace(-1, 1, 2001)
    full = np.array([risk_at(dose * factors).mean() for dose in dosing.doses])
    short = risk_at(np.array(dosing.doses) * dosing.reaches)
    mixed = (1 - dosing.underdosed) * full + dosing.underdosed * short
    return np.where((risks > 0) & (risks < 1), mixed, risks)


def _slope(x: Floats, y: Floats, at: int) -> float:
    return float((y[at + 1] - y[at]) / (x[at + 1] - x[at])) if len(x) > 1 else 0.0


def random_monotone(levels: int, count: int, seed: int, target: float | None = None) -> tuple[Scenario, ...]:
    """Random rising risks; with a target, the level closest to it is uniform over the levels.

    The true MTD is drawn first and given a risk near the target, the others are uniform below and above it
    (in the manner of Clertant & O'Quigley 2017, doi:10.1111/rssb.12216, simplified).
    """
    truths = random_truths(levels, count, seed, target)
    return tuple(Scenario(f"random {number}", tuple(risks)) for number, risks in enumerate(truths, start=1))


def random_truths(levels: int, count: int, seed: int, target: float | None = None) -> Floats:
    """The same random risks as `random_monotone`, as an array [count, levels] for `Ensemble.under`."""
    rng = np.random.default_rng(seed)
    return np.array([np.round(_random_risks(levels, rng, target), 6) for _ in range(count)])


def _random_risks(levels: int, rng: np.random.Generator, target: float | None) -> Floats:
    if target is None:
        return np.sort(rng.random(levels))
    mtd = int(rng.integers(levels))
    at = float(np.clip(target * np.exp(rng.normal(0, 0.15)), 0.01, 0.95))
    below = np.sort(rng.uniform(0, at, mtd))
    above = np.sort(rng.uniform(max(at, 2 * target - at), 1, levels - mtd - 1))
    return np.concatenate([below, [at], above])


def grid(levels: int, values: tuple[float, ...]) -> tuple[Scenario, ...]:
    """Every non-decreasing list of risks with entries from `values`."""
    return tuple(Scenario("", risks) for risks in combinations_with_replacement(sorted(values), levels))


def scenario_from(settings: Mapping[str, Any], where: str = "scenario") -> Scenario:
    """A scenario from plain data (a TOML table); an unknown or missing key is named."""
    known = {"name", "risks", "late", "not_evaluable", "baskets", "dosing"}
    unknown = sorted(set(settings) - known)
    if unknown:
        raise EscalationError(f"{where}: unknown key {', '.join(unknown)}. Known: {', '.join(sorted(known))}")
    try:
        baskets = tuple(
            Basket(str(one["name"]), float(one["share"]), tuple(map(float, one["risks"])))
            for one in settings.get("baskets", ())
        )
        dosing = settings.get("dosing")
        return Scenario(
            name=str(settings.get("name", where)),
            risks=tuple(map(float, settings.get("risks", ()))),
            late=float(settings.get("late", 0)),
            not_evaluable=float(settings.get("not_evaluable", 0)),
            baskets=baskets,
            dosing=None if dosing is None else Dosing(**{**dosing, "doses": tuple(map(float, dosing["doses"]))}),
        )
    except (KeyError, TypeError, ValueError) as error:
        if isinstance(error, EscalationError):
            raise
        raise EscalationError(f"{where}: {error}. Write for example risks = [0.05, 0.15, 0.30]") from error
