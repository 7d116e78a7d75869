"""`results.json`: every statistic of a report apart from its layout, with how it was reached and what it rests on.

`cells` are what the tables print, under the names they have there (`T6-4/D90/n`); `statistics` are the exact numbers of the
endpoints (`T6-4/D90/change.mean`); `at_visits` is where each participant stands (`S-4/P02/D90`); `grounds` are the recorded
things beneath them, each with its file and line, or its casebook entry and that entry's hash. A long list of names that
many cells share stands once, in `sets`; `names_in` reads either.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Any, TypeAlias

from escalon.conduct.judge.cells import AtVisit, Statistic
from escalon.conduct.judge.endpoints import Executed
from escalon.facts import plain
from escalon.history import Entry
from escalon.protocol.study import Study
from escalon.reporting.build import slug
from escalon.reporting.document import Cell, Document, Ground
from escalon.reporting.grounds import of_cell
from escalon.reporting.sections.efficacy import slug_visit, table_id

FORMAT = 2
_LONG = 3
"""A list of more names stands in `sets`."""


def names_in(found: Mapping[str, Any], one: Mapping[str, Any], what: str = "grounds") -> Sequence[str]:
    """The names that an entry of the results refers to, listed there or as one of the sets."""
    names: str | Sequence[str] = one.get(what, ())
    return found["sets"][names] if isinstance(names, str) else names


class Grounds:
    """The recorded things met so far, each once, under a short name that others refer to."""

    def __init__(self, hashes: Mapping[str, str]) -> None:
        self.hashes = hashes
        self.names: dict[Ground, str] = {}
        self.sets: dict[tuple[str, ...], str] = {}

    def refer(self, some: Iterable[Ground]) -> list[str] | str:
        """The names of some grounds."""
        return self.listed(self.names.get(one) or self._named(one) for one in some)

    def _named(self, one: Ground) -> str:
        return self.names.setdefault(one, f"g{len(self.names) + 1}")

    def listed(self, names: Iterable[str]) -> list[str] | str:
        """Names as they stand in an entry: many of them as the set they are."""
        every = tuple(names)
        if len(every) <= _LONG:
            return list(every)
        return self.sets.get(every) or self.sets.setdefault(every, f"s{len(self.sets) + 1}")

    def as_json(self) -> Iterator[tuple[str, dict[str, str]]]:
        """Every ground under its name."""
        return ((name, self._one(ground)) for ground, name in self.names.items())

    def _one(self, ground: Ground) -> dict[str, str]:
        said = {
            "participant": ground.participant, "name": ground.name, "day": ground.day, "value": ground.value,
            "place": ground.place, "hash": self.hashes.get(ground.place, ""),
        }  # fmt: skip
        return {key: value for key, value in said.items() if value}


def hashes_of(entries: Iterable[Entry]) -> dict[str, str]:
    """The hash of each casebook entry by its place; a data folder's rows have none."""
    return {entry.place: found for entry in entries if (found := getattr(entry, "hash", ""))}


Part: TypeAlias = tuple[str, object]
"""A name of the results, with what it says or, for long ones, the entries one after another."""


def results(
    document: Document, study: Study, executed: Iterable[Executed], hashes: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """Everything a report says in numbers, for scripts, for `escalon explain` and for `escalon report --diff`."""
    found = parts(document, study, executed, hashes)
    return {name: dict(said) if isinstance(said, Iterator) else said for name, said in found}


def parts(
    document: Document, study: Study, executed: Iterable[Executed], hashes: Mapping[str, str] | None = None
) -> Iterator[Part]:
    """The same, part by part and entry by entry, to be taken in this order: the sets and grounds come last, once all are met."""
    grounds, done = Grounds(hashes or {}), list(executed)
    yield from {
        "format": FORMAT, "study": document.study, "version": document.version, "document": document.name,
        "cutoff": document.cutoff, "synthetic": document.synthetic, "software": document.software, "input": document.input,
    }.items()  # fmt: skip
    yield "endpoints", ((one.endpoint.id, _endpoint(study, one)) for one in done)
    yield "cells", ((name, _cell(cell, grounds)) for table in document.tables() for name, cell in table.cells())
    yield "statistics", ((n, _statistic(one, grounds)) for each in done for n, one in named_statistics(study, each))
    yield "at_visits", ((cell.id, _at_visit(cell, grounds)) for each in done for cell in each.cells)
    yield "sets", ((name, every) for every, name in grounds.sets.items())
    yield "grounds", grounds.as_json()


def named_statistics(study: Study, done: Executed) -> Iterable[tuple[str, Statistic]]:
    """The statistics of an endpoint under their names: table, row, and what they are."""
    table = table_id(study, done.endpoint)
    for one in done.statistics:
        row = f"{slug(one.group)}.{slug_visit(one.visit)}" if one.group else slug_visit(one.visit)
        yield f"{table}/{row}/{one.name}", one


def _cell(cell: Cell, grounds: Grounds) -> dict[str, Any]:
    return _compact(
        text=cell.text, value=exact_text(cell.value), method=cell.method, grounds=grounds.refer(cell.grounds)
    )


def _statistic(one: Statistic, grounds: Grounds) -> dict[str, Any]:
    return {
        "value": exact_text(one.value), "number": plain(one.value, 12) if isinstance(one.value, Fraction) else one.value,
        "n": one.n, "missing": one.missing, "not_due": one.not_due, "not_applicable": one.not_applicable,
        "method": one.method, "rests_on": grounds.listed(one.rests_on),
    }  # fmt: skip


def _at_visit(cell: AtVisit, grounds: Grounds) -> dict[str, Any]:
    return _compact(
        state=cell.state.value, level=cell.level, disease=cell.disease, day=cell.day, value=exact_text(cell.value),
        baseline=exact_text(cell.baseline), change=exact_text(cell.change), reason=cell.reason, flags=list(cell.flags),
        grounds=grounds.refer(of_cell(cell)),
    )  # fmt: skip


def _endpoint(study: Study, done: Executed) -> dict[str, Any]:
    return _compact(
        table=table_id(study, done.endpoint), title=done.endpoint.title, measure=list(done.endpoint.measure),
        compare=done.endpoint.compare, unit=done.unit, estimand=done.estimand, population=done.population,
        members=list(done.members), excluded=dict(done.excluded), why_not=done.why_not, detail=done.detail,
    )  # fmt: skip


def _compact(**said: Any) -> dict[str, Any]:
    """What there is to say: no empty texts, no empty lists."""
    return {key: value for key, value in said.items() if value not in (None, "", [], {})}


def exact_text(value: object) -> int | str | bool | None:
    """An exact number that JSON keeps exactly: whole numbers as they are, others as a fraction `7/2`; words as words."""
    if isinstance(value, Fraction):
        return int(value) if value.denominator == 1 else f"{value.numerator}/{value.denominator}"
    return value if isinstance(value, int | str | bool) else None


def as_text(found: Iterable[Part]) -> Iterator[str]:
    """The results as they are written, an entry a line: the same results give the same bytes."""
    before = "{\n"
    for name, said in found:
        yield f"{before} {_json(name)}: "
        yield from _block(said)
        before = ",\n"
    yield "\n}\n"


def _block(said: object) -> Iterator[str]:
    entries = said.items() if isinstance(said, Mapping) else said
    if not isinstance(entries, Iterable) or isinstance(said, str | list):
        yield _json(said)
        return
    before = "{\n"
    for key, one in entries:
        yield f"{before}  {_json(key)}: {_json(one)}"
        before = ",\n"
    yield "\n }" if before != "{\n" else "{}"


_json = json.JSONEncoder(ensure_ascii=False, allow_nan=False).encode
