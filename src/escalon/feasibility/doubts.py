"""What an output must say of the data beside its counts: what was not read, and who stands there twice or is dead."""

from collections.abc import Iterator
from typing import Any

from escalon.feasibility.drafting import has_deaths
from escalon.feasibility.inquiry import Prepared
from escalon.feasibility.stepwise import StepwiseQuery


def doubts(prepared: Prepared, smallest: int) -> tuple[str, ...]:
    """The notes of an inquiry. A number of people below `smallest` is not told."""
    inquiry = prepared.inquiry
    return (*inquiry.mapping.unread(inquiry.study), *_of_people(prepared, smallest), *_of_values(prepared, smallest))


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
    [row] = inquiry.warehouse.rows(f"SELECT {', '.join(f'SUM({one})' for one in counted)} FROM ({each}) AS each_one")
    place = inquiry.mapping.line("people")
    for count, (what, then) in zip(row, _PEOPLE, strict=True):
        if count:
            number = f"fewer than {smallest}" if count < smallest else str(int(count))
            yield f"people: {number} {what}, {then.format(death=death)} ({place})"


_PEOPLE = (
    ("stand there with several days of birth", "and what their age decides differently is unknown"),
    ("stand there with several sexes", "and what their sex decides is unknown"),
    ("had died by the day asked about", 'and are counted. Leave them out: under [people] write died = "{death}"'),
    ("stand there on several rows", "and are counted once"),
    ("rows have no person", "and are not counted"),
)


def _of_values(prepared: Prepared, smallest: int) -> Iterator[str]:
    """The names of which many values decide nothing: a wrong unit makes every value one that no body has."""
    study, mapping, number = prepared.inquiry.study, prepared.inquiry.mapping, prepared.steps.number
    read = {number(name): name for name in mapping.concepts if name in study.vocabulary}
    numbers, words, truths = (
        ", ".join(str(n) for n, name in read.items() if study.vocabulary[name].kind in kinds) or "NULL"
        for kinds in (("number", "integer"), ("label",), ("truth",))
    )
    unused = f"CASE WHEN n IN ({numbers}) THEN lo IS NULL WHEN n IN ({truths}) THEN said IS NULL ELSE word IS NULL END"
    text = (
        f"SELECT n, COUNT(*), SUM(CASE WHEN {unused} THEN 1 ELSE 0 END) FROM readings\n"
        f"WHERE (known AND n IN ({numbers}, {words})) OR n IN ({truths}) GROUP BY n ORDER BY n"
    )
    rows: list[tuple[Any, ...]] = prepared.inquiry.warehouse.answer(StepwiseQuery(prepared.steps.texts, text))
    for n, values, unused in rows:
        if 20 * unused < values:
            continue
        is_number = study.vocabulary[read[n]].kind in ("number", "integer")
        why = (
            "no body has them or their unit does not convert. Check the unit"
            if is_number
            else "they are none of the study's words. Write what they mean in labels"
        )
        share = f"{round(100 * unused / values)} %" if unused >= smallest else "some"
        yield f"{read[n]}: {share} of its values are not used, because {why} ({mapping.line('concept', read[n])})"
