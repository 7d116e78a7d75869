"""An independent account of the study's escalation, day by day, from the words of the protocol; shares no code with it.

3+3, three levels. A toxicity up to day 28 counts. The level below a too toxic one is filled to six. Eighteen at most. The
first of three is watched for 14 days, infusions are 7 days apart, and nobody opens a new three while a window is open.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

TOP, WINDOW, SENTINEL, STAGGER, CAP = 3, 28, 14, 7, 18
IMPROVES_IN = 3  # a CRS of grade 3 is a DLT once it has not improved within 72 hours
Answer = tuple[str, int]


@dataclass
class Person:
    """Somebody infused on day `on`. An event of grade 3 begins on day `event` and is judged on day `judged`."""

    level: int
    on: int
    event: int | None = None
    judged: int = 0
    is_dlt: bool = False
    left: int | None = None

    def is_now(self, today: int) -> str:
        end = self.on + WINDOW
        if self.event is not None and self.event <= today and self.on <= self.event <= end:
            if self.judged > today:
                return "doubt" if today > self.event + IMPROVES_IN else self._out(today) or "open"
            if self.is_dlt:
                return "dlt"
        return self._out(today) or ("open" if today <= end else "free")

    def _out(self, today: int) -> str:
        gone = self.left is not None and self.left <= today and self.left <= self.on + WINDOW
        return "out" if gone else ""


def rule(seen: dict[int, tuple[int, int]]) -> Answer:
    """What to do when everything is known: `seen` gives, by level, how many count and how many had a toxicity."""
    bad = [level for level in range(1, TOP + 1) if seen[level][1] >= 2]
    if bad:
        below = min(bad) - 1
        if below == 0:
            return ("stop", 0)
        n, _ = seen[below]
        return ("stop", below) if n >= 6 else ("treat", below)
    tried = [level for level in range(1, TOP + 1) if seen[level][0]]
    if not tried:
        return ("treat", 1)
    here = max(tried)
    n, t = seen[here]
    if n < 3 or (t == 1 and n < 6):
        return ("treat", here)
    return ("treat", here + 1) if here < TOP else ("stop", TOP)


def endings(count: list[int], dlts: list[int], waiting: list[int]) -> Iterator[dict[int, tuple[int, int]]]:
    for extra in product(*(range(some + 1) for some in waiting)):
        yield {k + 1: (count[k] + waiting[k], dlts[k] + extra[k]) for k in range(TOP)}


def answer(people: list[Person], today: int) -> Answer:
    """What may be done today: treat somebody at a level, wait, or stop with an MTD (0: none, -1: full and not settled).

    Nobody is dosed on an event that has not been judged and may be a toxicity by now.
    """
    given = [one for one in people if one.on <= today]
    state = [one.is_now(today) for one in given]
    found = _answer(given, ["open" if how == "doubt" else how for how in state], today)
    return ("wait", 0) if found[0] == "treat" and "doubt" in state else found


def _answer(given: list[Person], state: list[str], today: int) -> Answer:
    count, dlts, waiting = [0] * TOP, [0] * TOP, [0] * TOP
    for one, how in zip(given, state, strict=True):
        count[one.level - 1] += how in ("free", "dlt")
        dlts[one.level - 1] += how == "dlt"
        waiting[one.level - 1] += how == "open"
    three = _three(given, state)
    found = [_capped(rule(one), given) for one in endings(count, dlts, waiting)]
    intended = found[0]  # as if nobody waiting had a toxicity
    if len(set(found)) > 1 and not (_unharmed(three, given, state) and intended == ("treat", three[0].level)):
        return ("wait", 0)
    if intended[0] != "treat":
        return intended
    return intended if _may(given, state, three, intended[1], today) else ("wait", 0)


def _unharmed(three: list[Person], given: list[Person], state: list[str]) -> bool:
    """Whether a three is being filled in which nobody has had a toxicity: its places stay open."""
    return bool(three) and not any(how == "dlt" and one in three for one, how in zip(given, state, strict=True))


def _capped(found: Answer, given: list[Person]) -> Answer:
    return ("stop", -1) if found[0] == "treat" and len(given) >= CAP else found


def _three(given: list[Person], state: list[str]) -> list[Person]:
    """Those of the three being treated who may still count; empty when it is full."""
    three: list[Person] = []
    for one, how in zip(given, state, strict=True):
        if three and three[0].level != one.level:
            three = []
        if how != "out":
            three.append(one)
        if len(three) == 3:
            three = []
    return three


def _may(given: list[Person], state: list[str], three: list[Person], level: int, today: int) -> bool:
    joins = bool(three) and three[0].level == level
    if not joins and "open" in state:
        return False
    if given and today < max(one.on for one in given) + STAGGER:
        return False
    return not (joins and len(three) == 1 and today < three[0].on + SENTINEL)
