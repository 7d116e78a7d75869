"""The body weight a cell dose is calculated on: at leukapheresis, or recent enough before the infusion.

Both are kept, the latest counts; a change between them beyond the study's limit is flagged. Actual weight, no cap.
"""

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from escalon.facts import Day, Duration, Fact, Finding, Number, Status, convert, exact, plain

RULE = "dosing_weight/1"


def is_a_weight(kilograms: Number) -> bool:
    """Whether somebody who is dosed can weigh so much; other numbers are a slip, or another unit."""
    return 10 <= exact(kilograms) <= 400


NO_WEIGHT = "a body weight is from 10 to 400 kg"


def dosing_weight(weights: Sequence[Fact], infusion: Day, window_days: int, change_limit: Number) -> Finding:
    """The weight in kg to dose on, from weights as recorded; the one of `visit="leukapheresis"` is known as such.

    `window_days` is how old a weight may be on the day of infusion, `change_limit` the fraction of change that is flagged.
    There is no value when no weight was taken at leukapheresis or within the window, on a fully known day.
    """
    known = [weight for weight in weights if _kilograms(weight) is not None]
    first = Duration(window_days, "day").before(infusion)
    recent = _latest([w for w in known if w.day is not None and w.day.is_within(first, infusion) is True])
    apheresis = _latest([w for w in known if w.visit.lower() == "leukapheresis"])
    chosen = recent or apheresis
    if chosen is None:
        reason = f"no weight at leukapheresis or within {window_days} days before {infusion}"
        return Finding(
            "dosing_weight", None, Status.MISSING, None, "kg", missing=("weight",), reasons=(reason,), rule=RULE
        )
    kilograms = _kilograms(chosen) or Fraction(0)
    flags, reasons, parts = _compared(recent, apheresis, exact(change_limit))
    grounds = tuple(weight for weight in (recent, apheresis) if weight is not None)
    return Finding(
        "dosing_weight", kilograms, unit="kg", components={"taken": str(chosen.day), "prefer": "latest", **parts},
        flags=flags, reasons=reasons, rule=RULE, rests_on=grounds,
    )  # fmt: skip


def _compared(
    recent: Fact | None, apheresis: Fact | None, limit: Fraction
) -> tuple[tuple[str, ...], tuple[str, ...], dict[str, Any]]:
    now, then = (None if fact is None else _kilograms(fact) for fact in (recent, apheresis))
    if now is None or then is None or then == 0:
        return ("weight_change_not_known",), ("only one of the two weights is recorded",), {}
    change = now / then - 1
    parts = {"at_leukapheresis": then, "latest": now, "change_percent": change * 100}
    if abs(change) <= limit:
        return (), (), parts
    reason = f"weight changed by {plain(change * 100, 1)} % since leukapheresis ({plain(then)} to {plain(now)} kg)"
    return ("weight_changed",), (reason,), parts


def _latest(weights: list[Fact]) -> Fact | None:
    return max(weights, key=lambda w: w.day.earliest.toordinal() if w.day else 0, default=None)


def _kilograms(weight: Fact) -> Fraction | None:
    return None if weight.number is None else convert(weight.number, weight.unit or "", "kg")
