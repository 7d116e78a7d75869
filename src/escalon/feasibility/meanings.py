"""What stands in a warehouse's columns, and what it means to the study: codes, units, labels, days."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches
from fractions import Fraction
from functools import cached_property
from typing import Any

from escalon.facts import UnitError, spelled
from escalon.facts.unit import factor
from escalon.feasibility.columns import Columns
from escalon.feasibility.mapping import Concept, EventTable, MappingError
from escalon.feasibility.steps import Steps
from escalon.feasibility.treatments import DOSE, dose_unit
from escalon.feasibility.warehouse import is_text
from escalon.protocol.asked import as_item
from escalon.protocol.study import FactDefinition

_SORTS = {"number": "number", "integer": "number", "label": "label", "truth": "truth"}
_TRUTHS = {"yes": "yes", "true": "yes", "no": "no", "false": "no"}
_SUSPECTED = dict.fromkeys(("unknown", "not known", "unclear", "not done", "not assessed", "suspected"), "?")
"""What is written of an event of which nobody is sure."""
_MOST_UNITS = 10_000
_DIGITS = {"1": "yes", "0": "no"}
# OMOP's standard unit concepts, as UCUM has them.
_UNIT_CONCEPTS = {
    "8713": "g/dL", "8636": "g/L", "8840": "mg/dL", "8751": "mg/L", "8645": "U/L", "8923": "[iU]/L", "8749": "umol/L",
    "8753": "mmol/L", "9444": "10*9/L", "8848": "10*3/uL", "8647": "/uL", "8784": "{cells}/uL", "8555": "s", "8752": "mm/h",
    "8795": "mL/min", "9529": "kg", "8582": "cm", "8876": "mm[Hg]", "8554": "%", "8842": "ng/mL", "8817": "ng/dL",
    "9448": "a", "8523": "1", "8583": "1",
}  # fmt: skip


@dataclass(frozen=True)
class Meanings(Columns):
    """What a study's names are called in a warehouse, for one day asked about."""

    # ---- what a concept says that cannot be meant

    def _check_concepts(self) -> None:
        """Raises MappingError for a concept that would be read of nobody, or words that the study does not have."""
        for name, concept in self.mapping.concepts.items():
            if wrong := self._wrong(name, concept):
                self._refuse(name, wrong)
        self._check_vocabulary()

    def _wrong(self, name: str, concept: Concept) -> str:
        definition, tables = self.study.vocabulary.get(name), ", ".join(self.mapping.tables)
        if definition is None:
            close = get_close_matches(name, self.study.vocabulary, 2, 0.8)
            return (
                f"the study has no such name. Write {' or '.join(f'[concept.{one}]' for one in close)}" if close else ""
            )
        if not concept.table:
            return f'it has no table. Write table = "…", one of: {tables or "those you describe as [table.…]"}'
        if concept.table not in self.mapping.tables:
            described = f"[table.{concept.table}], or one of: {tables}"
            return f"it reads the table {concept.table!r}, which is not described. Write {described}"
        if not (concept.codes or concept.label_codes):
            return 'it has no codes, so nobody has it. Write codes = ["…"]'
        if concept.descendants and self.mapping.source.kind not in ("omop", "i2b2"):
            return "descendants are known to OMOP and i2b2 only. Write every code that counts in codes"
        said = [*concept.labels, *concept.label_codes]
        known = definition.choices if definition.kind == "label" else ("yes", "no")
        if wrong := [one for one in said if one.lower() not in map(str.lower, known)]:
            return f"{wrong[0]!r} is none of its words. Write one of: {', '.join(known)}"
        if concept.silence and definition.kind in ("number", "integer"):
            return "silence is no answer to a number. Take silence out"
        if concept.labels and not self.mapping.tables[concept.table].text:
            return f'labels need the column they stand in. Write under [table.{concept.table}] text = "…"'
        return ""

    # ---- small tables: what codes, units and labels mean

    def _write_codes(
        self, steps: Steps, name: str, table: EventTable, concepts: Mapping[str, Concept], kinds: Mapping[str, str]
    ) -> None:
        texts = is_text(kinds["code"])
        there = self._units_there(table, is_text(kinds["unit"])) if table.unit else {}
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
            times = self._units(each, concept, definition, there) if definition else {}
            units += [(steps.number(each), *pair) for pair in times.items()]
            labels += [(steps.number(each), *pair) for pair in _words(concept, definition, self.mapping.source.kind)]
        kind = "text" if texts else "bigint"
        named = f"code:{kind} n:int word:text sort:text bare:double least:double most:double doses:truth treats:truth"
        nothing = (None,) * 9
        steps.small_table(
            f"{name}_codes", named, list(dict.fromkeys(rows)) or [nothing]
        )  # each row once, however often named
        steps.texts[f"{name}_codes"] += "".join(f" UNION\n{one}" for one in looked_up)
        steps.small_table(f"{name}_units", "n:int unit:text times:double", units or [(None, None, None)])
        steps.small_table(f"{name}_labels", "n:int raw:text word:text", labels or [(None, None, None)])

    def _meaning(self, name: str, concept: Concept, definition: FactDefinition | None) -> tuple[Any, ...]:
        """Sort, what to multiply a number without a unit by, between what it can be, whether it is a dose or a treatment."""
        kind = definition.kind if definition else "event"
        ends = _usable(definition) if definition and kind in ("number", "integer") else (None, None)
        treats = kind == "treatment"
        return _SORTS.get(kind, "event"), self._bare(name, concept, definition), *ends, treats, treats

    def _bare(self, name: str, concept: Concept, definition: FactDefinition | None) -> float | None:
        if definition is None:
            return None
        if concept.unit:
            return float(self._times(name, concept.unit, definition))
        if definition.kind == "treatment":
            return None
        return 1.0 if definition.unit is None or spelled(definition.unit) == "1" else None

    def _units(
        self, name: str, concept: Concept, definition: FactDefinition, there: Mapping[str, str]
    ) -> dict[str, float]:
        """What to multiply by for each unit as it stands there: what the mapping says it means, else as intake reads it."""
        said = {unit.lower(): self._times(name, means, definition) for unit, means in concept.units.items()}
        found = {unit: said.get(unit.strip().lower(), self._factor(own, definition)) for unit, own in there.items()}
        return {unit: float(times) for unit, times in (said | found).items() if times is not None}

    def _units_there(self, table: EventTable, is_written: bool) -> dict[str, str]:
        """Every unit that stands in a table, and what it is in UCUM where it is one of OMOP's concepts."""
        where = f" WHERE {table.where}" if table.where else ""
        used = f"SELECT DISTINCT {table.unit} AS unit FROM {table.from_} AS p{where}"
        if is_written:
            rows = self._rows(f"SELECT unit, unit FROM ({used}) AS u WHERE unit IS NOT NULL LIMIT {_MOST_UNITS}")
            return {str(unit): str(unit).strip() for unit, _ in rows}
        concept = self._of_vocabulary("concept")
        if not {"vocabulary_id", "concept_code"} <= self.warehouse.columns(concept).keys():
            return _UNIT_CONCEPTS
        of = f"SELECT concept_id, concept_code FROM {concept} WHERE vocabulary_id = 'UCUM' AND concept_id IN ({used})"
        return _UNIT_CONCEPTS | {str(unit): str(code) for unit, code in self._rows(of)}

    def _rows(self, text: str) -> Sequence[tuple[Any, ...]]:
        """The rows of a select, asked once."""
        if text not in self._asked:
            self._asked[text] = self.warehouse.rows(text)
        return self._asked[text]

    @cached_property
    def _asked(self) -> dict[str, Sequence[tuple[Any, ...]]]:
        return {}

    @staticmethod
    def _factor(unit: str, definition: FactDefinition) -> Fraction | None:
        """What to multiply by to have a name in its unit; None where that cannot be had."""
        if definition.kind == "treatment":
            times, kept = dose_unit(unit)
            return times if kept == DOSE else None
        try:
            return factor(unit, definition.unit or "", definition.substance)
        except UnitError:
            return None

    def _times(self, name: str, unit: str, definition: FactDefinition) -> Fraction:
        times = self._factor(unit, definition)
        if times is not None:
            return times
        users = ", ".join(self.used_by(name)) or name
        wanted = DOSE if definition.kind == "treatment" else definition.unit or "a number without unit"
        raise MappingError(
            f"{self.mapping.line('concept', name)}: {users} needs {name} in {wanted}, and {unit!r} cannot be converted to it. "
            f'Write under [concept.{name}] the unit that is meant: units = {{ "{unit}" = "{definition.unit or DOSE}" }}'
        )

    def _is_looked_up(self, concept: Concept, code: str) -> bool:
        return concept.descendants or (self.mapping.source.kind == "omop" and ":" in code)

    def _looked_up(self, steps: Steps, concept: Concept, codes: Sequence[str], row: Sequence[Any]) -> list[str]:
        """Codes of a vocabulary (`LOINC:718-7`), and what lies below a concept, as OMOP's or i2b2's own tables have them."""
        looked_up = [code for code in codes if self._is_looked_up(concept, code)]
        typed = ", ".join(map(steps.literal, row))
        if self.mapping.source.kind != "i2b2":
            of = self._of_vocabulary("concept")
            return [
                f"SELECT k.concept_id, {typed} FROM {of} AS k WHERE k.concept_id IN ({self._concepts(steps, code)})"
                + (f" OR k.concept_id IN ({self._below(self._concepts(steps, code))})" if concept.descendants else "")
                for code in looked_up
            ]
        of = self._of_vocabulary("concept_dimension")
        below = "SUBSTR(d.concept_path, 1, LENGTH(k.concept_path)) = k.concept_path"
        return [
            f"SELECT DISTINCT d.concept_cd, {typed} FROM {of} AS d JOIN {of} AS k ON {below} "
            f"WHERE k.concept_cd = {steps.literal(code)}"
            for code in looked_up
        ]

    def _of_vocabulary(self, table: str) -> str:
        prefix = f"{self.mapping.source.schema_name}." if self.mapping.source.schema_name else ""
        return f"{prefix}{table}"

    def _concepts(self, steps: Steps, code: str) -> str:
        """The standard concepts of a code; one that was given up counts only where the vocabulary has no other of that code."""
        vocabulary, _, own = code.rpartition(":")
        if not vocabulary:
            return code
        concept, related = self._of_vocabulary("concept"), self._of_vocabulary("concept_relationship")
        named = f"k.vocabulary_id = {steps.literal(vocabulary)} AND k.concept_code = {steps.literal(own)}"
        valid = {
            alias: f"COALESCE(CAST({alias}.invalid_reason AS {steps.spelling.text}), '') = ''"
            if "invalid_reason" in self.warehouse.columns(of)
            else "TRUE"
            for alias, of in (("k", concept), ("r", related))
        }
        return (
            f"SELECT COALESCE(CAST(r.concept_id_2 AS BIGINT), k.concept_id) FROM {concept} AS k "
            f"LEFT JOIN {related} AS r ON r.concept_id_1 = k.concept_id AND r.relationship_id = 'Maps to' AND {valid['r']} "
            f"WHERE {named} AND ({valid['k']} OR NOT EXISTS (SELECT 1 FROM {concept} AS k WHERE {named} AND {valid['k']}))"
        )

    def _below(self, ids: str) -> str:
        ancestors = self._of_vocabulary("concept_ancestor")
        return f"SELECT descendant_concept_id FROM {ancestors} WHERE ancestor_concept_id IN ({ids})"

    def _check_vocabulary(self) -> None:
        """Raises MappingError where the tables that say what a code means are not there, or do not have it."""
        asked = {
            (name, code)
            for name, concept in self.mapping.concepts.items()
            for code in (*concept.codes, *(one for some in concept.label_codes.values() for one in some))
            if name in self.study.vocabulary and self._is_looked_up(concept, code)
        }
        if not asked:
            return
        i2b2, literal = self.mapping.source.kind == "i2b2", self._spelling.label
        below = any(self.mapping.concepts[name].descendants for name, _ in asked)
        coded = any(":" in code for _, code in asked)
        tables = (
            ["concept_dimension"]
            if i2b2
            else ["concept", *["concept_relationship"] * coded, *["concept_ancestor"] * below]
        )
        for table in map(self._of_vocabulary, tables):
            if not self.warehouse.columns(table):
                name, code = min(asked)
                self._refuse(name, f"the code {code!r} is looked up in the table {table}, which is not there. "
                             "Write the codes that stand in the data, without a vocabulary and without descendants")  # fmt: skip
        column = "concept_cd" if i2b2 else "vocabulary_id || ':' || concept_code"
        texts = sorted({code for _, code in asked if i2b2 or ":" in code})
        there = self._codes_of(tables[0], column, ", ".join(map(literal, texts))) if texts else set()
        if ids := sorted({code for _, code in asked} - set(texts)):
            there |= self._codes_of(tables[0], "concept_id", ", ".join(ids))
        for name, code in sorted(asked):
            if code not in there:
                self._refuse(name, f"the code {code!r} is none of the vocabulary's ({tables[0]}). "
                             "Write it as it stands there, with its dots, or take it out")  # fmt: skip

    def _codes_of(self, table: str, column: str, among: str) -> set[str]:
        of = self._of_vocabulary(table)
        return {
            str(row[0])
            for row in self.warehouse.rows(f"SELECT DISTINCT {column} FROM {of} WHERE {column} IN ({among})")
        }

    def _refuse(self, name: str, why: str) -> None:
        users = ", ".join(self.used_by(name)[:3])
        raise MappingError(f"{self.mapping.line('concept', name)}: {f'{users} ' if users else ''}({name}): {why}")

    def _codes_listed(
        self, steps: Steps, name: str, table: EventTable, concepts: Mapping[str, Concept],
        floors: Mapping[str, date | None], kinds: Mapping[str, str],
    ) -> str:  # fmt: skip
        """The one list of codes, each with the day from which on it is read where that is known beforehand."""
        groups: dict[tuple[date | None, bool], tuple[list[str], list[str]]] = {}
        dated = (
            bool(table.day)
            and table.open in ("", "day")
            and not any(is_text(kinds.get(one, "")) for one in ("day", "until"))
        )
        for each, concept in concepts.items():
            treats = (definition := self.study.vocabulary.get(each)) is not None and definition.kind == "treatment"
            floor = floors[each] if dated and (table.until or not treats) else None
            codes = [*concept.codes, *(code for some in concept.label_codes.values() for code in some)]
            written = [
                steps.literal(self._code(code, is_text(kinds["code"])))
                for code in codes
                if not self._is_looked_up(concept, code)
            ]
            plain, looked_up = groups.setdefault((floor, treats), ([], []))
            plain += written
            if len(written) < len(codes):
                looked_up.append(f"{table.code} IN (SELECT code FROM {name}_codes WHERE n = {steps.number(each)})")
        tests = []
        for since, (plain, looked_up) in groups.items():
            some = [f"{table.code} IN ({', '.join(plain)})"] if plain else []
            tests.append(self._since(steps, table, *since, " OR ".join([*some, *looked_up])))
        return f"({' OR '.join(tests)})"

    @staticmethod
    def _since(steps: Steps, table: EventTable, floor: date | None, treats: bool, coded: str) -> str:
        """Codes of rows that may be of a day or later: of a treatment without an end nobody knows until when it was taken."""
        if floor is None:
            return f"({coded})"
        day = steps.literal(floor)
        later = [f"{table.day} >= {day}", f"{table.day} IS NULL", *([f"{table.until} >= {day}"] if table.until else [])]
        later += [f"{table.until} IS NULL"] if treats else []
        return f"(({coded}) AND ({' OR '.join(later)}))"

    def _code(self, code: str, texts: bool) -> str | int:
        if texts:
            return code
        if not code.lstrip("-").isdecimal():
            raise MappingError(
                f"{self.mapping.line('concept')}: the code {code!r} is no number, but the column holds numbers"
            )
        return int(code)


def _words(concept: Concept, definition: FactDefinition | None, source: str) -> list[tuple[str, str]]:
    """What is written, in small letters, and the word it means; of a label its own words, of anything else yes and no.

    What is written besides means nothing: of a label and of a yes or no it leaves open which.
    """
    kind = definition.kind if definition else "event"
    own = {one.lower(): one.lower() for one in definition.choices} if definition and kind == "label" else dict(_TRUTHS)
    own |= {"truth": {} if source == "omop" else _DIGITS, "event": _SUSPECTED}.get(_SORTS.get(kind, "event"), {})
    said = [(raw.lower(), word.lower()) for word, some in concept.labels.items() for raw in some]
    written = {raw for raw, _ in said}
    return list(dict.fromkeys([*said, *(pair for pair in own.items() if pair[0] not in written)]))


def _usable(definition: FactDefinition) -> tuple[float | None, float | None]:
    """Between what a number is used: what it can be, and what a body has; beyond it somebody would have to confirm it."""
    item = as_item(definition)
    lows = [float(end) for end in (item.low, item.query[0]) if end is not None]
    highs = [float(end) for end in (item.high, item.query[1]) if end is not None]
    return max(lows, default=None), min(highs, default=None)
