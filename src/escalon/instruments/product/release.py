"""Release attributes of a product against their limits; out of specification is recorded with its approval, not blocked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from escalon.expressions.possible import holds
from escalon.facts import (
    Fact,
    Finding,
    Interval,
    Number,
    Status,
    Truth,
    UnitError,
    all_known,
    convert,
    exact,
    plain,
    read_number,
)  # fmt: skip

RULE = "product_release/1"

_RELATIONS = {">=": "ge", ">": "gt", "<=": "le", "<": "lt"}


@dataclass(frozen=True, slots=True)
class ReleaseLimit:
    """One attribute and what it must be: a number on one side of a limit, or a word such as `negative`."""

    attribute: str
    relation: Literal[">=", ">", "<=", "<", "is"]
    limit: Number | str
    unit: str = "1"
    source: str = ""

    def __str__(self) -> str:
        unit = "" if self.unit == "1" else f" {self.unit}"
        return (
            f"{self.attribute} {self.relation} {self.limit if isinstance(self.limit, str) else plain(self.limit)}{unit}"
        )


@dataclass(frozen=True, slots=True)
class Approval:
    """Who accepted an out-of-specification product, why and when."""

    author: str
    reason: str
    at: datetime

    def __post_init__(self) -> None:
        if not (self.author.strip() and self.reason.strip()):
            raise ValueError("an approval needs an author and a reason")


# Customary for commercial and investigational CAR-T products; one secondary source each, a product sets its own.
COMMON_LIMITS = (
    ReleaseLimit("viability", ">=", 70, "%", "customary, 70–80 % commercially"),
    ReleaseLimit("vcn_per_transduced_cell", "<", 5, "1", "customary"),
    ReleaseLimit("sterility", "is", "negative"),
    ReleaseLimit("mycoplasma", "is", "negative"),
    ReleaseLimit("endotoxin", "<", 5, "[EU]/kg/h", "customary for parenterals"),
    ReleaseLimit("replication_competent_lentivirus", "is", "not detected"),
)


def judge_release(
    limits: Sequence[ReleaseLimit], results: Mapping[str, Fact], approval: Approval | None = None
) -> Finding:
    """Every attribute against its limit: True all within, False any out of specification, else not known.

    An attribute without a result is `not tested`, never passed. Out of specification without an approval is flagged
    `oos_not_approved`; nothing is blocked, since the decision to infuse is a physician's.
    """
    verdicts = {limit.attribute: _within(limit, results.get(limit.attribute)) for limit in limits}
    value = all_known(verdicts.values())
    words = {True: "within", False: "oos", None: "not tested"}
    flags: tuple[str, ...] = ("oos",) if value is False else ()
    flags += ("oos_not_approved",) if value is False and approval is None else ()
    missing = tuple(name for name, verdict in verdicts.items() if verdict is None)
    reasons = tuple(
        f"{limit}: found {results[limit.attribute].value}" for limit in limits if verdicts[limit.attribute] is False
    )
    approved = {"approved_by": approval.author, "approval_reason": approval.reason} if approval else {}
    return Finding(
        "product_release",
        value,
        Status.MISSING if value is None else Status.OK,
        category={True: "within specification", False: "out of specification", None: "incomplete"}[value],
        components={name: words[verdict] for name, verdict in verdicts.items()} | approved,
        missing=missing,
        flags=flags,
        reasons=reasons,
        rule=RULE,
        rests_on=tuple(results[limit.attribute] for limit in limits if limit.attribute in results),
    )


def _within(limit: ReleaseLimit, result: Fact | None) -> Truth:
    """Whether one result meets its limit; exact, and unknown when the result does not settle it."""
    if result is None or result.value is None:
        return None
    if limit.relation == "is" or isinstance(limit.limit, str):
        return str(result.value).strip().lower() == str(limit.limit).lower()
    if isinstance(result.value, bool):
        raise ValueError(f"{limit.attribute} is yes or no, but its limit is a number ({limit})")
    if isinstance(result.value, str):
        return _text_within(limit, result.value.strip(), result.unit)
    if isinstance(result.value, Interval):
        span = result.value.mapped(lambda end: _converted(limit, end, result.unit))
        return holds(_RELATIONS[limit.relation], span, exact(_number(limit)))
    return _compare(limit, result.value, result.unit)


def _text_within(limit: ReleaseLimit, text: str, unit: str | None) -> Truth:
    """`<0.5` meets `< 5`; it says nothing about a limit below 0.5, or about a lower limit."""
    if not text.startswith("<"):
        return _compare(limit, read_number(text), unit)
    bound = _converted(limit, read_number(text[1:]), unit)
    return True if limit.relation in ("<", "<=") and bound <= exact(_number(limit)) else None


def _compare(limit: ReleaseLimit, value: Number, unit: str | None) -> Truth:
    return holds(_RELATIONS[limit.relation], _converted(limit, value, unit), exact(_number(limit)))


def _converted(limit: ReleaseLimit, value: Number, unit: str | None) -> Number:
    if not unit and limit.unit != "1":
        raise UnitError(f"{limit.attribute} {plain(value)} has no unit. Write {plain(value)} {limit.unit}")
    try:
        return convert(value, unit or "1", limit.unit)
    except UnitError as error:
        raise UnitError(f"{limit.attribute}: {error}. Give it in {limit.unit}") from None


def _number(limit: ReleaseLimit) -> Number:
    assert not isinstance(limit.limit, str)
    return limit.limit
