"""Whether a signed override covers an act: its kind, person and content, the rules broken, signatures, and how long it holds."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction

from escalon.casebook.encoding import plain
from escalon.conduct.permit.refusal import Broken, Refused, refuse
from escalon.facts import exact
from escalon.history import Override, Trial
from escalon.history.events import Event

DOSES = ("cells_per_kg", "amount")
"""The fields that say how much was delivered."""


def check_override(
    trial: Trial,
    event: Event,
    number: int,
    broken: tuple[Broken, ...],
    *,
    now: datetime | None = None,
    valid: timedelta | None = None,
    tolerance: Fraction = Fraction(0),
) -> None:
    """Refuse an override that does not cover what the act would break, is not signed as it must be, or is over.

    `tolerance` is how far a dose delivered may lie from the dose signed, as a part of it: what is left in bag and line
    is known only afterwards (docs/decisions/0050).
    """
    given = trial.overrides.get(number)
    if given is None:
        raise refuse("override", f"entry {number} is not an override")
    _still_holds(given, number, now, valid)
    if (given.given.act, given.given.participant) != (event.kind, event.participant):
        raise refuse("override", f"override {number} is for {given.given.act} of {given.given.participant}")
    for part in given.given.content:
        says = getattr(event, part.name, None)
        if not _alike(says, part.says, tolerance if part.name in DOSES else Fraction(0)):
            name, said = part.name.replace("_", " "), "nothing" if says in (None, "") else plain(says)
            raise refuse("override", f"override {number} was signed for {name} {part.says}, not {said}")
    uncovered = [one for one in broken if not one.signatures or one.rule not in given.given.rules]
    if uncovered:
        raise Refused(*uncovered)
    needed = max(one.signatures for one in broken)
    if (signed := signatures_that_count(given, needed)) < needed:
        raise refuse("override", f"override {number} has {signed} of the {needed} signatures it needs")


def signatures_that_count(given: Override, needed: int) -> int:
    """How many signed it; where one is enough, not whoever asked: one person never sets a rule aside for themselves."""
    return len(set(given.signers) - ({given.entry.author.person} if needed == 1 else set()))


def is_over(given: Override, now: datetime | None, valid: timedelta | None) -> bool:
    """Whether it waited for its act longer than the study lets it."""
    return bool(now and valid and given.entry.at and now > given.entry.at + valid)


def _still_holds(given: Override, number: int, now: datetime | None, valid: timedelta | None) -> None:
    if given.used_by is not None:
        raise refuse("override", f"override {number} was used by entry {given.used_by}")
    if is_over(given, now, valid) and valid:
        raise refuse("override", f"override {number} was valid for {valid.days} days from {given.entry.at:%Y-%m-%d}")


def _alike(says: object, signed: str, tolerance: Fraction) -> bool:
    """Whether an act says what was signed: the same words, or a number within this part of the number signed."""
    if isinstance(says, bool) or not isinstance(says, int | Decimal):
        return ("" if says is None else str(plain(says))) == signed
    try:
        amount = exact(Decimal(signed))
    except (ArithmeticError, ValueError):
        return False
    return abs(exact(says) - amount) <= tolerance * abs(amount)
