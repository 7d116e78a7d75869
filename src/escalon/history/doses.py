"""Bags made into doses: those of one level, given within so many days of the first, are one dose."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, TypeVar

from escalon.facts import Day

if TYPE_CHECKING:
    from escalon.kinetics.samples_table import Infused

Bag = TypeVar("Bag")


def in_doses(
    bags: Iterable[Bag], day: Callable[[Bag], Day], level: Callable[[Bag], object], within: int
) -> list[list[Bag]]:
    """One person's bags as doses, in the order given; a later one, or one of another level, is a dose of its own."""
    doses: list[list[Bag]] = []
    for bag in sorted(bags, key=lambda bag: day(bag).earliest):
        first = doses[-1][0] if doses else None
        apart = None if first is None else (day(bag).earliest - day(first).earliest).days
        if first is not None and apart is not None and apart <= within and level(bag) == level(first):
            doses[-1].append(bag)
        else:
            doses.append([bag])
    return doses


def last_of_first(given: Mapping[str, Iterable[Infused]], within: int) -> dict[str, Infused]:
    """Of each person the last bag of the first dose, from which the days of samples run."""
    return {
        code: in_doses(bags, lambda bag: bag.day, lambda bag: bag.group, within)[0][-1] for code, bags in given.items()
    }
