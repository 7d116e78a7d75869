"""From everybody's verdicts to counts, inside the engine: people with the same verdicts are counted together first."""

from collections.abc import Mapping

from escalon.expressions.dialects import dialect
from escalon.feasibility.stepwise import StepwiseQuery

PLACES = 30
"""Verdicts in one number: two bits each."""
MET, NOT_MET, UNKNOWN, NOT_APPLICABLE = range(4)


def counting(texts: Mapping[str, str], clauses: int, engine: str) -> StepwiseQuery:
    """The statement that counts, by disease, over the step `verdicts`: one row for each, one number for each thing counted.

    A row of `verdicts` is of so many `people`, and those of the same verdicts are counted together first.
    """
    steps, places = dict(texts), range(clauses)
    words = range((clauses + PLACES - 1) // PLACES)
    packed = [
        " + ".join(f"CAST(v{place} AS BIGINT) * {4 ** (place % PLACES)}" for place in places if place // PLACES == word)
        + f" AS m{word}"
        for word in words
    ]
    masks = ", ".join(f"m{word}" for word in words)
    bits = dialect(engine).bits
    unpacked = [
        bits.format(x=f"m{place // PLACES}", n=2 * (place % PLACES), mask=3) + f" AS v{place}" for place in places
    ]
    first = " ".join(f"WHEN v{place} = {NOT_MET} THEN {place}" for place in places)
    steps["packed"] = f"SELECT disease, people, {', '.join(packed)}\nFROM verdicts"
    steps["alike"] = f"SELECT disease, {masks}, SUM(people) AS people\nFROM packed GROUP BY disease, {masks}"
    steps["lists"] = f"SELECT disease, people, {', '.join(unpacked)}\nFROM alike"
    steps["summed"] = (
        f"SELECT *, {number_of(clauses, NOT_MET)} AS failed, {number_of(clauses, UNKNOWN)} AS open,\n"
        f"CASE {first} ELSE {clauses} END AS stopped\nFROM lists"
    )
    counted = ", ".join(f"{text} AS {name}" for name, text in counted_things(clauses, engine).items())
    return StepwiseQuery(steps, f"SELECT disease, {counted}\nFROM summed GROUP BY disease ORDER BY disease")


def counted_things(clauses: int, engine: str) -> dict[str, str]:
    """What is counted, by name: over everybody, then for each clause by its place."""

    def people(where: str) -> str:
        return f"SUM(CASE WHEN {where} THEN people ELSE 0 END)"

    share = f"CAST(people AS {dialect(engine).double}) / failed"
    found = {
        "people": "SUM(people)",
        "eligible": people("failed = 0 AND open = 0"),
        "undecided": people("failed = 0 AND open > 0"),
    }
    for place in range(clauses):
        v = f"v{place}"
        found |= {
            f"not_met_{place}": people(f"{v} = {NOT_MET}"),
            f"unknown_{place}": people(f"{v} = {UNKNOWN}"),
            f"left_{place}": people(f"stopped > {place}"),
            f"alone_{place}": people(f"{v} = {NOT_MET} AND failed = 1"),
            f"gained_{place}": people(
                f"({v} = {NOT_MET} AND failed = 1 AND open = 0) OR ({v} = {UNKNOWN} AND failed = 0 AND open = 1)"
            ),
            f"share_{place}": f"SUM(CASE WHEN {v} = {NOT_MET} THEN {share} ELSE 0 END)",
        }
    return found


def number_of(clauses: int, verdict: int) -> str:
    """How many clauses have a verdict."""
    return " + ".join(f"CASE WHEN v{place} = {verdict} THEN 1 ELSE 0 END" for place in range(clauses))
