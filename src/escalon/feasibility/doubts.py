"""What an output must say of the data beside its counts: what was not read, and who stands there twice or is dead."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from escalon.feasibility.drafting import has_deaths, unplaced_clauses
from escalon.feasibility.inquiry import Prepared
from escalon.feasibility.stepwise import StepwiseQuery


def doubts(prepared: Prepared, smallest: int, read: Iterable[Sequence[Any]]) -> tuple[str, ...]:
    """The notes of an inquiry; `read` is what `values_read` asks. A number of people below `smallest` is not told."""
    inquiry = prepared.inquiry
    unplaced = (f"{clause}: {why}" for clause, _, why in unplaced_clauses(inquiry.study))
    return (
        *inquiry.mapping.unread(inquiry.study), *unplaced, *_of_people(prepared, smallest), *_of_values(prepared, smallest, read)
    )  # fmt: skip


def _of_people(prepared: Prepared, smallest: int) -> Iterator[str]:
    """Rows without a person, people whose rows differ, and the dead who are counted."""
    inquiry, label = prepared.inquiry, prepared.steps.spelling.text
    people = inquiry.mapping.people
    assert people is not None
    day, who = prepared.steps.literal(inquiry.day.earliest), people.person
    death = has_deaths(inquiry.warehouse, people)

    def differ(column: str) -> str:
        text = f"CAST({column} AS {label})"
        return f"CASE WHEN MIN({text}) <> MAX({text}) THEN 1 ELSE 0 END" if column else "0"

    died = f"MAX(CASE WHEN SUBSTR(CAST({death} AS {label}), 1, 10) <= SUBSTR(CAST({day} AS {label}), 1, 10) THEN 1 ELSE 0 END)"
    where = f" WHERE {people.where}" if people.where else ""
    each = (
        f"SELECT {who} AS who, COUNT(*) AS times, {differ(people.birth)} AS births, {differ(people.sex)} AS sexes, "
        f"{died if death else '0'} AS dead FROM {people.from_} AS p{where} GROUP BY {who}"
    )
    counted = (
        "births",
        "sexes",
        "dead",
        "CASE WHEN times > 1 THEN 1 ELSE 0 END",
        "CASE WHEN who IS NULL THEN times ELSE 0 END",
    )
    sums = ", ".join(f"SUM({one})" for one in counted)
    [(everybody, *row)] = inquiry.warehouse.rows(f"SELECT COUNT(*), {sums} FROM ({each}) AS each_one")
    place = inquiry.mapping.line("people")
    for count, (what, then) in zip(row, _PEOPLE, strict=True):
        if count:
            number = f"fewer than {smallest}" if count < smallest else str(int(count))
            if count >= smallest > everybody - count > 0:  # of whom it is not so would be few
                number = "most"
            yield f"people: {number} {what}, {then.format(death=death)} ({place})"


_PEOPLE = (
    ("stand there with several days of birth", "and what their age decides differently is unknown"),
    ("stand there with several sexes", "and what their sex decides is unknown"),
    ("had died by the day asked about", 'and are counted. Leave them out: under [people] write died = "{death}"'),
    ("stand there on several rows", "and are counted once"),
    ("rows have no person", "and are not counted"),
)


def _kinds(prepared: Prepared) -> dict[str, str]:
    """The kind of each name that clauses read and the mapping gives."""
    vocabulary, mapping = prepared.inquiry.study.vocabulary, prepared.inquiry.mapping
    asked = {name for names in prepared.population.floors(prepared.steps).values() for name in names}
    found: dict[str, str] = {
        name: vocabulary[name].kind for name in sorted(asked & mapping.concepts.keys() & vocabulary.keys())
    }
    is_sexed = "sex" in asked - mapping.concepts.keys() and mapping.people and mapping.people.sex
    return found | ({"sex": "label"} if is_sexed else {})


def values_read(prepared: Prepared) -> StepwiseQuery:
    """The statement that counts, for each name, its rows and those that cannot be used as a number, a word or a yes or no."""
    numbers, words, truths = (
        ", ".join(str(prepared.steps.number(name)) for name, kind in _kinds(prepared).items() if kind in some) or "NULL"
        for some in (("number", "integer"), ("label",), ("truth",))
    )
    unused = f"CASE WHEN n IN ({numbers}) THEN lo IS NULL WHEN n IN ({truths}) THEN said IS NULL ELSE word IS NULL END"
    return StepwiseQuery(
        prepared.steps.texts,
        f"SELECT n, COUNT(*) AS times, SUM(CASE WHEN {unused} THEN 1 ELSE 0 END) AS unused FROM readings\n"
        f"WHERE (known AND n IN ({numbers}, {words})) OR n IN ({truths}) GROUP BY n\n"
        "UNION ALL SELECT n, COUNT(*) AS times, 0 AS unused FROM spells GROUP BY n",
    )


def _of_values(prepared: Prepared, smallest: int, rows: Iterable[Sequence[Any]]) -> Iterator[str]:
    """The names of which many values decide nothing, for a wrong unit makes every value one that no body has; or no row is."""
    mapping, found = prepared.inquiry.mapping, {n: (values, unused) for n, values, unused in rows}
    for name, kind in _kinds(prepared).items():
        place = mapping.line("people") if name == "sex" else mapping.line("concept", name)
        values, unused = found.get(prepared.steps.number(name), (0, 0))
        if not values:
            silent = ": silence counts as no, so it is no of everybody observed" if name in mapping.silent else ""
            yield f"{name}: no row of the days asked about has one of its codes{silent} ({place})"
        elif unused and 20 * unused >= values:
            share = f"{round(100 * unused / values)} %" if unused >= smallest else "some"
            yield f"{name}: {share} of its values are not used, because {_why(kind, name)} ({place})"


def _why(kind: str, name: str) -> str:
    if kind in ("number", "integer"):
        return "no body has them or their unit does not convert. Check the unit"
    return f"they are none of the study's words. Write what they mean in {'sexes' if name == 'sex' else 'labels'}"
