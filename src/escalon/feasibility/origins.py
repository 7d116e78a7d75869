"""From the tables of a warehouse to `facts` and `people`: one pass a table, its codes pushed down in one list."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Any

from escalon.facts import UnitError, spelled
from escalon.facts.unit import factor, written_as
from escalon.feasibility.mapping import Concept, EventTable, MappingError, PeopleTable, WarehouseMapping
from escalon.feasibility.steps import FACTS, FIRST, LAST, Steps
from escalon.feasibility.treatments import DOSE, dose_unit
from escalon.feasibility.warehouse import Warehouse, is_text
from escalon.protocol.study import FactDefinition, Study
from escalon.sources.observed import as_item

_SORTS = {"number": "number", "integer": "number", "label": "label"}
_COLUMNS = ("person", "code", "day", "until", "value", "operator", "text", "unit", "upper", "lower")
# OMOP's standard unit concepts, as UCUM has them.
_UNIT_CONCEPTS = {
    "8713": "g/dL", "8636": "g/L", "8840": "mg/dL", "8751": "mg/L", "8645": "U/L", "8923": "[iU]/L", "8749": "umol/L",
    "8753": "mmol/L", "9444": "10*9/L", "8848": "10*3/uL", "8647": "/uL", "8784": "{cells}/uL", "8555": "s", "8752": "mm/h",
    "8795": "mL/min", "9529": "kg", "8582": "cm", "8876": "mm[Hg]", "8554": "%", "8842": "ng/mL", "8817": "ng/dL",
    "9448": "a", "8523": "1", "8583": "1",
}  # fmt: skip


@dataclass(frozen=True)
class Reader:
    """What is needed to write the rows of a study's names: the study, the mapping, the warehouse, the day asked about."""

    study: Study
    mapping: WarehouseMapping
    warehouse: Warehouse
    by: date

    def write(self, steps: Steps, floors: Mapping[str, date | None]) -> None:
        """Write `people` and `facts`. `floors` says which names are read, and from which day on (None: from ever)."""
        people = self.mapping.people
        if people is None:
            raise MappingError(
                f"{self.mapping.line()}: say who the people are. Write [people] with from, person, birth, sex"
            )
        died = (
            f"NOT COALESCE({self._day(people.died, people.from_)[1]} <= {steps.literal(self.by)}, FALSE)"
            if people.died
            else ""
        )
        where = " AND ".join(f"({one})" for one in (people.where, died) if one)
        steps.texts["people"] = (
            f"SELECT {people.person} AS person FROM {people.from_} AS p{f' WHERE {where}' if where else ''}"
        )
        self._check_columns(
            ("people",), people.from_, {"person": people.person, "birth": people.birth, "sex": people.sex}, ""
        )
        parts = [*self._people_facts(steps, people, floors)]
        for name, table in self.mapping.tables.items():
            concepts = {
                each: concept
                for each, concept in self.mapping.concepts.items()
                if each in floors and concept.table == name
            }
            if concepts:
                parts.append(self._facts_of(steps, name, table, concepts, floors))
        steps.texts["facts"] = "\nUNION ALL\n".join(parts) or self._nothing(steps)
        if self.mapping.observed:
            one = self.mapping.observed
            steps.texts["observed"] = (
                f"SELECT {one.person} AS person, CAST({one.start} AS DATE) AS o0, CAST({one.end} AS DATE) AS o1\n"
                f"FROM {one.from_} AS o"
            )

    # ---- people

    def _people_facts(self, steps: Steps, people: PeopleTable, floors: Mapping[str, Any]) -> Iterable[str]:
        if "age" in floors and people.birth and "age" not in self.mapping.concepts:
            d0, d1 = self._day(people.birth, people.from_)
            row = {"lo": self._years(steps, d1), "hi": self._years(steps, d0), "dated": "TRUE",
                   "d0": steps.literal(self.by), "d1": steps.literal(self.by)}  # fmt: skip
            known = f"{people.birth} IS NOT NULL"
            yield f"SELECT {self._row(steps, 'age', people.person, row)}\nFROM {people.from_} AS p WHERE {known}"
        if "sex" in floors and people.sex and "sex" not in self.mapping.concepts:
            raw = f"LOWER(CAST({people.sex} AS {steps.spelling.text}))"
            cases = " ".join(
                f"WHEN {steps.literal(written.lower())} THEN {steps.literal(means)}"
                for written, means in people.sexes.items()
            )
            row = {"word": f"CASE {raw} {cases} ELSE {raw} END" if cases else raw, "dated": "FALSE"}
            yield f"SELECT {self._row(steps, 'sex', people.person, row)}\nFROM {people.from_} AS p WHERE {people.sex} IS NOT NULL"

    def _years(self, steps: Steps, born: str) -> str:
        """Completed years on the day asked about."""
        early = f"EXTRACT(MONTH FROM {born}) * 100 + EXTRACT(DAY FROM {born}) > {self.by.month * 100 + self.by.day}"
        years = f"{self.by.year} - EXTRACT(YEAR FROM {born}) - CASE WHEN {early} THEN 1 ELSE 0 END"
        return f"CAST({years} AS {steps.spelling.double})"

    def _row(self, steps: Steps, name: str, person: str, given: Mapping[str, str]) -> str:
        """The columns of `facts`, those that are not given being empty."""
        double, text = steps.spelling.double, steps.spelling.text
        empty = {
            "person": person, "n": str(steps.number(name)), "known": "TRUE", "lo_open": "FALSE", "hi_open": "FALSE",
            "ongoing": "FALSE", "open_end": "FALSE", "k": "0", "d0": steps.literal(FIRST), "d1": steps.literal(LAST),
            "said": "CAST(NULL AS BOOLEAN)", "word": f"CAST(NULL AS {text})", "unit": f"CAST(NULL AS {text})",
            "e0": "CAST(NULL AS DATE)", "e1": "CAST(NULL AS DATE)",
        }  # fmt: skip
        cells = empty | dict(given)
        return ", ".join(f"{cells.get(column, f'CAST(NULL AS {double})')} AS {column}" for column in FACTS)

    def _nothing(self, steps: Steps) -> str:
        return f"SELECT {self._row(steps, next(iter(self.study.vocabulary)), 'person', {})} FROM people WHERE 1 = 0"

    # ---- tables of events

    def _facts_of(
        self,
        steps: Steps,
        name: str,
        table: EventTable,
        concepts: Mapping[str, Concept],
        floors: Mapping[str, date | None],
    ) -> str:
        columns = {column: getattr(table, column) for column in _COLUMNS if getattr(table, column)}
        kinds = self._check_columns(("table", name), table.from_, columns, next(iter(concepts)))
        self._write_codes(steps, name, table, concepts, is_text(kinds["code"]))
        read = ", ".join(f"{text} AS {column}" for column, text in columns.items())
        where = [f"({table.where})"] if table.where else []
        listed = self._codes_listed(
            steps, name, table, concepts, floors, is_text(kinds["code"]), kinds.get("day", "TEXT")
        )
        inner = f"SELECT {read} FROM {table.from_} AS origin WHERE {' AND '.join([*where, listed])}"
        joins = f"FROM ({inner}) AS t JOIN {name}_codes AS c ON t.code = c.code"
        if "unit" in columns:
            joins += f"\nLEFT JOIN {name}_units AS u ON u.n = c.n AND u.unit = {self._lowered(steps, 't.unit')}"
        if "text" in columns:
            joins += f"\nLEFT JOIN {name}_labels AS w ON w.n = c.n AND w.raw = {self._lowered(steps, 't.text')}"
        cells = self._cells(steps, table, columns, kinds)
        row = ", ".join(f"{cells[column]} AS {column}" for column in FACTS)
        return (
            f"SELECT * FROM (SELECT {row}\n{joins}) AS {name}_rows\nWHERE d0 <= {steps.literal(self.by)} OR NOT dated"
        )

    def _cells(
        self, steps: Steps, table: EventTable, columns: Mapping[str, str], kinds: Mapping[str, str]
    ) -> dict[str, str]:
        """Each column of `facts`, from the columns of a table (t), what its codes mean (c), its units (u), its labels (w)."""
        double, text = steps.spelling.double, steps.spelling.text
        null_number, null_day = f"CAST(NULL AS {double})", "CAST(NULL AS DATE)"
        blank = f"COALESCE({self._lowered(steps, 't.unit')}, '') = ''"
        times = f"CASE WHEN {blank} THEN c.bare ELSE u.times END" if "unit" in columns else "c.bare"
        number, sign = self._number(steps, columns, kinds, table)
        value = f"({number}) * {times}" if "value" in columns else null_number
        possible = f"CASE WHEN {value} < c.least OR {value} > c.most THEN NULL ELSE {value} END"
        word = "COALESCE(c.word, w.word, " + self._lowered(steps, "t.text") + ")" if "text" in columns else "c.word"
        d0, d1 = self._days("t.day", kinds.get("day", "")) if "day" in columns else (null_day, null_day)
        e0, e1 = self._days("t.until", kinds.get("until", "")) if "until" in columns else (null_day, null_day)
        told = "t.value IS NOT NULL" if "value" in columns else "FALSE"
        known = f"CASE c.sort WHEN 'number' THEN {told} WHEN 'label' THEN {word} IS NOT NULL ELSE TRUE END"
        said = f"CASE WHEN c.sort = 'event' THEN COALESCE({word}, 'yes') <> 'no' END"
        limits = {
            one: f"CASE WHEN t.{one} > 0 THEN t.{one} * {times} END" if one in columns else null_number
            for one in ("upper", "lower")
        }
        ongoing, open_end = self._open_ended(table, "until" in columns)
        return {
            "person": "t.person", "n": "c.n", "known": known,
            "lo": f"CASE WHEN {sign} IN ('<', '<=') THEN {steps.infinite('-')} ELSE {possible} END" if sign else possible,
            "lo_open": f"COALESCE({sign} = '>', FALSE)" if sign else "FALSE",
            "hi": f"CASE WHEN {sign} IN ('>', '>=') THEN {steps.infinite()} ELSE {possible} END" if sign else possible,
            "hi_open": f"COALESCE({sign} = '<', FALSE)" if sign else "FALSE",
            **limits, "said": said, "word": f"CAST({word} AS {text})", "dated": f"{d0} IS NOT NULL",
            "d0": f"COALESCE({d0}, {steps.literal(FIRST)})", "d1": f"COALESCE({d1}, {steps.literal(LAST)})",
            "e0": e0, "e1": e1, "ongoing": ongoing, "open_end": open_end,
            "unit": f"CASE WHEN c.doses AND {times} IS NOT NULL THEN '{DOSE}' END", "k": "0",
        }  # fmt: skip

    def _open_ended(self, table: EventTable, has_until: bool) -> tuple[str, str]:
        """What an empty end means: of a treatment that nobody knows it, of anything else that it was of one day."""
        empty = "t.until IS NULL" if has_until else "TRUE"
        match table.open:
            case "ongoing":
                return empty, "FALSE"
            case "unknown":
                return "FALSE", empty
            case "day":
                return "FALSE", "FALSE"
            case _:
                return "FALSE", f"c.treats AND {empty}"

    def _number(
        self, steps: Steps, columns: Mapping[str, str], kinds: Mapping[str, str], table: EventTable
    ) -> tuple[str, str]:
        """The number in the value column, and the sign before it (empty text where none can be)."""
        sign = ""
        if "operator" in columns:
            raw = f"CAST(t.operator AS {steps.spelling.text})"
            signs = dict.fromkeys(("<", "<=", ">", ">=")) | dict(table.operators)
            cases = " ".join(
                f"WHEN {steps.literal(one)} THEN {steps.literal(means or one)}" for one, means in signs.items()
            )
            sign = f"CASE {raw} {cases} END"
        if "value" not in columns or not is_text(kinds["value"]):
            return f"CAST(t.value AS {steps.spelling.double})", sign
        found = steps.spelling.matched.format(x="TRIM(t.value)", pattern="^[<>≤≥]?=? *([-+]?[0-9]+[.]?[0-9]*)$")
        marks = steps.spelling.matched.format(x="TRIM(t.value)", pattern="^([<>≤≥]=?)")
        written = f"REPLACE(REPLACE(NULLIF({marks}, ''), '≤', '<='), '≥', '>=')"
        return (
            f"CAST(NULLIF({found}, '') AS {steps.spelling.double})",
            f"COALESCE({sign}, {written})" if sign else written,
        )

    # ---- small tables: what codes, units and labels mean

    def _write_codes(
        self, steps: Steps, name: str, table: EventTable, concepts: Mapping[str, Concept], texts: bool
    ) -> None:
        rows: list[Sequence[Any]] = []
        units: list[Sequence[Any]] = []
        labels: list[Sequence[Any]] = []
        looked_up: list[str] = []
        for each, concept in concepts.items():
            definition = self.study.vocabulary.get(each)
            means = self._meaning(each, concept, definition)
            for word, codes in ((None, concept.codes), *concept.label_codes.items()):
                row = (steps.number(each), word and word.lower(), *means)
                looked_up += self._looked_up(steps, concept, codes, row)
                rows += [(self._code(code, texts), *row) for code in codes if not self._is_looked_up(concept, code)]
            units += [
                (steps.number(each), unit, times) for unit, times in self._units(each, concept, definition).items()
            ]
            labels += [
                (steps.number(each), raw.lower(), word.lower()) for word, some in concept.labels.items() for raw in some
            ]
        kind = "text" if texts else "bigint"
        named = f"code:{kind} n:int word:text sort:text bare:double least:double most:double doses:truth treats:truth"
        nothing = (None,) * 9
        steps.small_table(f"{name}_codes", named, rows or [nothing])
        if looked_up:
            steps.texts[f"{name}_codes"] += "".join(f" UNION ALL\n{one}" for one in looked_up)
        steps.small_table(f"{name}_units", "n:int unit:text times:double", units or [(None, None, None)])
        steps.small_table(f"{name}_labels", "n:int raw:text word:text", labels or [(None, None, None)])

    def _meaning(self, name: str, concept: Concept, definition: FactDefinition | None) -> tuple[Any, ...]:
        """Sort, what to multiply a number without a unit by, between what it can be, whether it is a dose or a treatment."""
        kind = definition.kind if definition else "event"
        ends = _usable(definition) if definition and kind in ("number", "integer") else (None, None)
        treats = kind == "treatment"
        sort = "label" if concept.label_codes or (concept.labels and kind == "label") else _SORTS.get(kind, "event")
        return sort, self._bare(name, concept, definition), *ends, treats, treats

    def _bare(self, name: str, concept: Concept, definition: FactDefinition | None) -> float | None:
        if definition is None:
            return None
        if concept.unit:
            return float(self._times(name, concept.unit, definition))
        if definition.kind == "treatment":
            return None
        return 1.0 if definition.unit is None or spelled(definition.unit) == "1" else None

    def _units(self, name: str, concept: Concept, definition: FactDefinition | None) -> dict[str, float]:
        """What to multiply by for each unit as written: those of the mapping, then the study's own spellings."""
        if definition is None:
            return {}
        found = {unit.lower(): float(self._times(name, means, definition)) for unit, means in concept.units.items()}
        wanted = DOSE if definition.kind == "treatment" else definition.unit or "1"
        found = {unit: float(times) for unit, times in written_as(wanted, definition.substance).items()} | found
        for unit in definition.units:
            found.setdefault(unit.lower(), float(self._times(name, unit, definition)))
        if self.mapping.source.kind == "omop":
            found |= {concept: found[unit.lower()] for concept, unit in _UNIT_CONCEPTS.items() if unit.lower() in found}
        return found

    def _times(self, name: str, unit: str, definition: FactDefinition) -> Fraction:
        if definition.kind == "treatment":
            times, kept = dose_unit(unit)
            if kept == DOSE:
                return times
        else:
            try:
                return factor(unit, definition.unit or "", definition.substance)
            except UnitError:
                pass
        users = ", ".join(self.used_by(name)) or name
        wanted = DOSE if definition.kind == "treatment" else definition.unit or "a number without unit"
        raise MappingError(
            f"{self.mapping.line('concept', name)}: {users} needs {name} in {wanted}, and {unit!r} cannot be converted to it. "
            f'Write under [concept.{name}] the unit that is meant: units = {{ "{unit}" = "{definition.unit or DOSE}" }}'
        )

    def used_by(self, name: str) -> tuple[str, ...]:
        """The clauses that read a name, itself or through what stands for it."""
        from escalon.protocol.names import names_in

        wholes = {name, *(one.name for one in self.study.vocabulary.values() if name in one.members)}
        return tuple(one.id for one in self.study.criteria if any(wholes & set(names_in(tree)) for tree in one.trees))

    def _is_looked_up(self, concept: Concept, code: str) -> bool:
        return self.mapping.source.kind == "omop" and (concept.descendants or ":" in code)

    def _looked_up(self, steps: Steps, concept: Concept, codes: Sequence[str], row: Sequence[Any]) -> list[str]:
        """Codes of a vocabulary (`LOINC:718-7`), and what lies below a concept, as OMOP's own tables have them."""
        if self.mapping.source.kind != "omop":
            return []
        prefix = f"{self.mapping.source.schema_name}." if self.mapping.source.schema_name else ""
        found = []
        typed = ", ".join(map(steps.literal, row))
        for code in codes:
            if not self._is_looked_up(concept, code):
                continue
            vocabulary, _, own = code.rpartition(":")
            ids = code
            if vocabulary:
                named = f"vocabulary_id = {steps.literal(vocabulary)} AND concept_code = {steps.literal(own)}"
                ids = (
                    f"SELECT COALESCE(r.concept_id_2, k.concept_id) FROM {prefix}concept AS k "
                    f"LEFT JOIN {prefix}concept_relationship AS r ON r.concept_id_1 = k.concept_id "
                    f"AND r.relationship_id = 'Maps to' WHERE {named}"
                )
            if concept.descendants:
                ids = f"SELECT descendant_concept_id FROM {prefix}concept_ancestor WHERE ancestor_concept_id IN ({ids})"
            found.append(f"SELECT k.concept_id, {typed} FROM {prefix}concept AS k WHERE k.concept_id IN ({ids})")
        return found

    def _codes_listed(
        self, steps: Steps, name: str, table: EventTable, concepts: Mapping[str, Concept],
        floors: Mapping[str, date | None], texts: bool, day_kind: str,
    ) -> str:  # fmt: skip
        """The one list of codes, each with the day from which on it is read where that is known beforehand."""
        groups: dict[date | None, list[str]] = {}
        dated = bool(table.day) and not table.until and not is_text(day_kind) and table.open in ("", "day")
        for each, concept in concepts.items():
            treats = (definition := self.study.vocabulary.get(each)) is not None and definition.kind == "treatment"
            floor = floors[each] if dated and not treats else None
            codes = [*concept.codes, *(code for some in concept.label_codes.values() for code in some)]
            written = [
                steps.literal(self._code(code, texts)) for code in codes if not self._is_looked_up(concept, code)
            ]
            if len(written) < len(codes):
                written.append(f"SELECT code FROM {name}_codes WHERE n = {steps.number(each)}")
            groups.setdefault(floor, []).extend(written)
        tests = []
        for floor, written in groups.items():
            plain = ", ".join(one for one in written if not one.startswith("SELECT"))
            inside = [f"{table.code} IN ({plain})"] if plain else []
            inside += [f"{table.code} IN ({one})" for one in written if one.startswith("SELECT")]
            some = " OR ".join(inside)
            tests.append(f"({some})" if floor is None else f"(({some}) AND {table.day} >= {steps.literal(floor)})")
        return f"({' OR '.join(tests)})"

    def _code(self, code: str, texts: bool) -> str | int:
        if texts:
            return code
        if not code.lstrip("-").isdigit():
            raise MappingError(
                f"{self.mapping.line('concept')}: the code {code!r} is no number, but the column holds numbers"
            )
        return int(code)

    # ---- columns

    def _check_columns(
        self, path: tuple[str, ...], source: str, columns: Mapping[str, str], concept: str
    ) -> Mapping[str, str]:
        """The type of each column as it is read; an error names the first that is not there, and who needs it."""
        read = ", ".join(f"{text} AS {name}" for name, text in columns.items() if text)
        kinds = self.warehouse.columns(f"(SELECT {read} FROM {source} AS origin) AS tried")
        if kinds:
            return kinds
        users = f"{', '.join(self.used_by(concept)[:3])} ({concept}) " if concept else ""
        there = self.warehouse.columns(source)
        where = self.mapping.line(*path)
        if not there:
            known = ", ".join(self.warehouse.tables) or "none"
            raise MappingError(
                f"{where}: {users}needs the table {source}, which is not there. Tables: {known}. "
                f'Write under [{".".join(path)}] from = "…"'
            )
        for name, text in columns.items():
            if text and not self.warehouse.columns(f"(SELECT {text} AS tried FROM {source} AS origin) AS tried"):
                raise MappingError(
                    f"{where}: {users}needs the column {text} of {source}, which is not there. Columns: {', '.join(there)}. "
                    f'Write under [{".".join(path)}] {name} = "…"'
                )
        raise MappingError(f"{where}: {source} cannot be read as it is described")

    def _day(self, text: str, source: str) -> tuple[str, str]:
        kinds = self.warehouse.columns(f"(SELECT {text} AS day FROM {source} AS origin) AS tried")
        return self._days(text, kinds.get("day", ""))

    def _days(self, text: str, kind: str) -> tuple[str, str]:
        """The earliest and the latest day of a column: of text `2019`, `2019-11` or `2019-11-29…` a stretch."""
        if not is_text(kind):
            return (f"CAST({text} AS DATE)",) * 2
        spelling = Steps(self.warehouse.dialect, int, tuple).spelling
        first = (
            f"CAST(CASE LENGTH({text}) WHEN 4 THEN {text} || '-01-01' WHEN 7 THEN {text} || '-01' "
            f"ELSE NULLIF(SUBSTR({text}, 1, 10), '') END AS DATE)"
        )
        month = spelling.day_before.format(x=spelling.later.format(x=first, n=1, unit="month"))
        last = f"CASE LENGTH({text}) WHEN 4 THEN CAST({text} || '-12-31' AS DATE) WHEN 7 THEN {month} ELSE {first} END"
        return first, last

    def _lowered(self, steps: Steps, column: str) -> str:
        return f"LOWER(TRIM(CAST({column} AS {steps.spelling.text})))"


def _usable(definition: FactDefinition) -> tuple[float | None, float | None]:
    """Between what a number is used: what it can be, and what a body has; beyond it somebody would have to confirm it."""
    item = as_item(definition)
    lows = [float(end) for end in (item.low, item.query[0]) if end is not None]
    highs = [float(end) for end in (item.high, item.query[1]) if end is not None]
    return max(lows, default=None), min(highs, default=None)
