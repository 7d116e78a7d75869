"""From the tables of a warehouse to `facts` and `people`: one pass a table, its codes pushed down in one list."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from escalon.feasibility.computable import computable, items_of
from escalon.feasibility.mapping import Concept, EventTable, MappingError, Observed, PeopleTable
from escalon.feasibility.meanings import Meanings
from escalon.feasibility.scores import DayScore
from escalon.feasibility.steps import FIRST, LAST, RELATIONS, Steps
from escalon.feasibility.treatments import DOSE
from escalon.feasibility.warehouse import is_text
from escalon.instruments.kit.catalogue import find

SEXES = ("female", "male")
_AMOUNT = "[-+−]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][-+]?[0-9]+)?"
_WIDE, _NARROW = "０１２３４５６７８９．＜＞＝－−", "0123456789.<>=--"
"""What other keyboards write in a number."""


class Reader(Meanings):
    """What is needed to write the rows of a study's names: the study, the mapping, the warehouse, the day asked about."""

    def write(self, steps: Steps, floors: Mapping[str, Mapping[str, date | None]]) -> None:
        """Write `people`, `readings` and `spells`. `floors` says which names each has, and from which day on (None: ever)."""
        people = self.mapping.people
        if people is None:
            raise MappingError(
                f"{self.mapping.line()}: say who the people are. Write [people] with from, person, birth, sex"
            )
        self._check_concepts()
        self._write_people(steps, people)
        if self.mapping.observed:
            self._write_observed(steps, self.mapping.observed)
        items: dict[str, date | None] = dict.fromkeys(items_of(self.study, self.mapping, floors["readings"]))
        relations = {**({"score_items": items} if items else {}), **floors}
        for relation, names in relations.items():
            parts = [] if relation == "spells" else [*self._people_facts(steps, people, names, relation)]
            for name, table in self.mapping.tables.items():
                concepts = {
                    each: concept
                    for each, concept in self.mapping.concepts.items()
                    if each in names and concept.table == name
                }
                if concepts:
                    parts.append(self._facts_of(steps, relation, name, table, concepts, names))
            if relation == "readings":
                parts += self._scores(steps, names)
            steps.texts[relation] = "\nUNION ALL\n".join(parts) or self._nothing(steps, relation)
        steps.single = frozenset(("age", "sex")) - self.mapping.concepts.keys()

    def _write_people(self, steps: Steps, people: PeopleTable) -> None:
        """Everybody once who is alive; whoever stands there twice and died by one of the rows is dead."""
        asked = {one: getattr(people, one) for one in people.spelled}
        kinds = self._check_columns(("people",), people.from_, asked, "", people.where)
        for key in ("birth", "died"):
            if asked[key]:
                self._check_days(("people",), key, asked[key], kinds[key], people.from_)
        who, alive = self._who(people.person, people.from_), ""
        if people.died:
            last = self._days(people.died, kinds["died"])[1]
            alive = f" AND NOT BOOL_OR(COALESCE({last} <= {steps.literal(self.by)}, FALSE))"
        where = f" WHERE {people.where}" if people.where else ""
        steps.texts["people"] = (
            f"SELECT {who} AS person FROM {people.from_} AS p{where}\nGROUP BY {who} HAVING {who} IS NOT NULL{alive}"
        )

    def _write_observed(self, steps: Steps, one: Observed) -> None:
        columns = {column: getattr(one, column) for column in one.spelled}
        kinds = self._check_columns(("observed",), one.from_, columns, "")
        for key in ("start", "end"):
            self._check_days(("observed",), key, columns[key], kinds[key], one.from_)
        start, end = self._days(one.start, kinds["start"])[1], self._days(one.end, kinds["end"])[0]
        who = self._who(one.person, one.from_)
        steps.texts["observed"] = f"SELECT {who} AS person, {start} AS o0, {end} AS o1\nFROM {one.from_} AS o"

    def _scores(self, steps: Steps, names: Mapping[str, Any]) -> Iterable[str]:
        """The rows of every score that clauses read; a score of scores is made of theirs."""
        ages, found = "age" not in self.mapping.concepts, dict[str, str]()
        for base, wanted in computable(self.study, self.mapping, names).items():
            of = {key for item in find(base).items.values() for key in item.of}
            parts = tuple(text for name, text in found.items() if name in of)
            silent = frozenset(self.mapping.silent)
            found |= DayScore(self.study, find(base), tuple(wanted), ages, parts, silent).write(steps)
        return [text for name, text in found.items() if name in names]

    # ---- people

    def _people_facts(
        self, steps: Steps, people: PeopleTable, floors: Mapping[str, Any], relation: str
    ) -> Iterable[str]:
        who = self._who(people.person, people.from_)
        if "age" in floors and people.birth and "age" not in self.mapping.concepts:
            d0, d1 = self._days("born", self._kind(people.birth, people.from_))
            born = (
                f"(SELECT {who} AS person, {people.birth} AS born FROM {people.from_} AS p) AS b WHERE born IS NOT NULL"
            )
            days = f"(SELECT person, {d0} AS first_day, {d1} AS last_day FROM {born}) AS d"
            row = {"lo": self._years(steps, "last_day"), "hi": self._years(steps, "first_day"), "dated": "TRUE",
                   "d0": steps.literal(self.by), "d1": steps.literal(self.by)}  # fmt: skip
            if relation == "score_items":  # of which the age on another day is asked
                row = {"dated": "TRUE", "d0": "first_day", "d1": "last_day"}
            yield f"SELECT {self._row(steps, 'age', 'person', row)}\nFROM {days}"
        if "sex" in floors and people.sex and "sex" not in self.mapping.concepts:
            raw = self._lowered(people.sex, self._kind(people.sex, people.from_))
            words = {one: one for one in SEXES} | dict(people.sexes)
            cases = " ".join(
                f"WHEN {steps.literal(written.lower())} THEN {steps.literal(means.lower())}"
                for written, means in words.items()
            )
            row = {"word": f"CASE {raw} {cases} END", "dated": "FALSE"}
            yield f"SELECT {self._row(steps, 'sex', who, row)}\nFROM {people.from_} AS p WHERE {people.sex} IS NOT NULL"

    def _years(self, steps: Steps, born: str) -> str:
        """Completed years on the day asked about."""
        early = f"EXTRACT(MONTH FROM {born}) * 100 + EXTRACT(DAY FROM {born}) > {self.by.month * 100 + self.by.day}"
        years = f"{self.by.year} - EXTRACT(YEAR FROM {born}) - CASE WHEN {early} THEN 1 ELSE 0 END"
        return f"CAST({years} AS {steps.spelling.double})"

    def _row(self, steps: Steps, name: str, person: str, given: Mapping[str, str], relation: str = "readings") -> str:
        """The columns of a relation, those that are not given being empty."""
        double, text = steps.spelling.double, steps.spelling.text
        empty = {
            "person": person, "n": str(steps.number(name)), "known": "TRUE", "lo_open": "FALSE", "hi_open": "FALSE",
            "ongoing": "FALSE", "open_end": "FALSE", "k": "0", "d0": steps.literal(FIRST), "d1": steps.literal(LAST),
            "said": "CAST(NULL AS BOOLEAN)", "word": f"CAST(NULL AS {text})", "unit": f"CAST(NULL AS {text})",
            "e0": "CAST(NULL AS DATE)", "e1": "CAST(NULL AS DATE)",
        }  # fmt: skip
        cells = empty | dict(given)
        return ", ".join(
            f"{cells.get(column, f'CAST(NULL AS {double})')} AS {column}" for column in RELATIONS[relation]
        )

    def _nothing(self, steps: Steps, relation: str) -> str:
        people = self.mapping.people
        assert people is not None
        row = self._row(steps, next(iter(self.study.vocabulary)), people.person, {}, relation)
        return f"SELECT {row} FROM {people.from_} AS p WHERE 1 = 0"

    # ---- tables of events

    def _facts_of(
        self,
        steps: Steps,
        relation: str,
        name: str,
        table: EventTable,
        concepts: Mapping[str, Concept],
        floors: Mapping[str, date | None],
    ) -> str:
        columns = {column: getattr(table, column) for column in table.spelled if getattr(table, column)}
        kinds = self._check_columns(("table", name), table.from_, columns, next(iter(concepts)), table.where)
        for key in [one for one in ("day", "until") if one in columns]:
            self._check_days(("table", name), key, columns[key], kinds[key], table.from_)
        meant = f"{relation}_{name}"
        self._write_codes(steps, meant, table, concepts, kinds)
        if is_text(kinds["code"]):  # a blank beside a code is no other code
            table = table.model_copy(update={"code": f"TRIM({table.code})"})
        own = {"person": self._who(table.person, table.from_), "code": table.code}
        read = ", ".join(f"{text} AS {column}" for column, text in (columns | own).items())
        where = [f"({table.where})"] if table.where else []
        if (
            self.mapping.source.kind == "i2b2"
            and "modifier_cd" in self.warehouse.columns(table.from_)
            and not table.where
        ):
            where.append("COALESCE(modifier_cd, '@') = '@'")  # what is said of a fact is not the fact
        listed = self._codes_listed(steps, meant, table, concepts, floors, kinds)
        inner = f"SELECT {read} FROM {table.from_} AS p WHERE {' AND '.join([*where, listed])}"
        joins = f"FROM ({inner}) AS t JOIN {meant}_codes AS c ON t.code = c.code"
        if "unit" in columns:
            joins += f"\nLEFT JOIN {meant}_units AS u ON u.n = c.n AND u.unit = {self._text('t.unit', kinds['unit'])}"
        if "text" in columns:
            joins += (
                f"\nLEFT JOIN {meant}_labels AS w ON w.n = c.n AND w.raw = {self._lowered('t.text', kinds['text'])}"
            )
        cells = self._cells(steps, table, columns, kinds)
        row = ", ".join(f"{cells[column]} AS {column}" for column in RELATIONS[relation])
        if table.row:  # a row that stands there under two codes of one name is one
            row = f"DISTINCT {row}, t.row AS row_of"
        listed = ", ".join(RELATIONS[relation])
        return f"SELECT {listed} FROM (SELECT {row}\n{joins}) AS {name}_rows\nWHERE d0 <= {steps.literal(self.by)} OR NOT dated"

    def _cells(
        self, steps: Steps, table: EventTable, columns: Mapping[str, str], kinds: Mapping[str, str]
    ) -> dict[str, str]:
        """Each column of `facts`, from the columns of a table (t), what its codes mean (c), its units (u), its labels (w)."""
        double, text = steps.spelling.double, steps.spelling.text
        null_number, null_day = f"CAST(NULL AS {double})", "CAST(NULL AS DATE)"
        times = "c.bare"
        if "unit" in columns:
            times = (
                f"CASE WHEN COALESCE({self._lowered('t.unit', kinds['unit'])}, '') = '' THEN c.bare ELSE u.times END"
            )
        number, sign = self._number(steps, columns, kinds, table)
        number = f"CASE WHEN {self._is_read(steps, columns, kinds, sign, number)} THEN {number} END"
        value = f"({number}) * {times}" if "value" in columns else null_number
        beyond = f"{value} < c.least OR {value} > c.most"
        if sign:  # nothing is below the least there can be
            beyond += f" OR ({sign} = '<' AND {value} <= c.least) OR ({sign} = '>' AND {value} >= c.most)"
        possible = f"CASE WHEN {beyond} THEN NULL ELSE {value} END"
        word, text_there = self._wording(steps, columns, kinds)
        d0, d1 = self._days("t.day", kinds.get("day", "")) if "day" in columns else (null_day, null_day)
        e0, e1, ends_before = null_day, null_day, ""
        if "until" in columns:
            ends = self._days("t.until", kinds["until"])
            ends_before = f"COALESCE({ends[1]} < {d0}, FALSE)"  # of what ended before it began nobody knows the end
            e0, e1 = (f"CASE WHEN NOT {ends_before} THEN {end} END" for end in ends)
        told = self._is_there(steps, columns, kinds)
        known = (
            f"CASE c.sort WHEN 'number' THEN {told} WHEN 'label' THEN COALESCE({word}, {text_there}) IS NOT NULL "
            f"WHEN 'truth' THEN {word} IS NOT NULL OR {text_there} IS NULL ELSE COALESCE({word}, '') <> '?' END"
        )
        if "doubt" in columns:
            known = f"{known} AND NOT COALESCE(t.doubt, FALSE)"
        unread = f"c.sort = 'truth' AND {word} IS NULL AND {text_there} IS NOT NULL"
        said = f"CASE WHEN c.sort IN ('event', 'truth') AND NOT ({unread}) THEN COALESCE({word}, 'yes') <> 'no' END"
        limits = {"upper": null_number, "lower": null_number}
        for one in columns.keys() & limits.keys():
            end = self._plain(steps, f"t.{one}", kinds[one])
            limits[one] = f"CASE WHEN {end} > 0 AND {end} < {steps.infinite()} THEN {end} * {times} END"
        ongoing, open_end = self._open_ended(table, "until" in columns)
        open_end = f"{open_end} OR {ends_before}" if ends_before else open_end
        return {
            "person": "t.person", "n": "c.n", "known": known,
            "lo": self._end(steps, sign, "<", "-", possible),
            "lo_open": f"COALESCE({sign} = '>', FALSE)" if sign else "FALSE",
            "hi": self._end(steps, sign, ">", "", possible),
            "hi_open": f"COALESCE({sign} = '<', FALSE)" if sign else "FALSE",
            **limits, "said": said, "word": f"CAST({word} AS {text})", "dated": f"{d0} IS NOT NULL",
            "d0": f"COALESCE({d0}, {steps.literal(FIRST)})", "d1": f"COALESCE({d1}, {steps.literal(LAST)})",
            "e0": e0, "e1": e1, "ongoing": ongoing, "open_end": open_end,
            "unit": f"CASE WHEN c.doses AND {times} IS NOT NULL THEN '{DOSE}' END", "k": "0",
        }  # fmt: skip

    def _end(self, steps: Steps, sign: str, beyond: str, infinite: str, possible: str) -> str:
        """One end of a value: none on the side where its sign leaves it open; nothing at all of what no body has."""
        if not sign:
            return possible
        opened = f"{sign} IN ('{beyond}', '{beyond}=') AND ({possible}) IS NOT NULL"
        return f"CASE WHEN {opened} THEN {steps.infinite(infinite)} ELSE {possible} END"

    def _wording(self, steps: Steps, columns: Mapping[str, str], kinds: Mapping[str, str]) -> tuple[str, str]:
        """The word that a row means, and whatever is written there; a yes or no may be written as the number 1 or 0."""
        words, written = ["c.word"], [f"CAST(NULL AS {steps.spelling.text})"]
        if "text" in columns:
            words.append("w.word")
            text = self._lowered("t.text", kinds["text"])
            written.append(f"CASE WHEN {text} NOT IN ({self._blank}) THEN {text} END")
        if "value" in columns:
            number = f"TRIM({self._text('t.value', kinds['value'])})"
            there = self._is_there(steps, columns, kinds)
            meant = f"WHEN {number} IN ('1', '1.0', 'true') THEN 'yes' WHEN {number} IN ('0', '0.0', 'false') THEN 'no'"
            empty = f"{written[-1]} IS NULL AND " if "text" in columns else ""
            words.append(f"CASE WHEN c.sort = 'truth' AND {empty}{there} THEN CASE {meant} END END")
            written.append(f"CASE WHEN c.sort = 'truth' AND {there} THEN {number} END")
        return f"COALESCE({', '.join([*words, 'NULL'])})", f"COALESCE({', '.join(written)}, NULL)"

    def _is_there(self, steps: Steps, columns: Mapping[str, str], kinds: Mapping[str, str]) -> str:
        """Whether a number was written: a blank is none, nor is what a table of numbers holds in place of one (NaN)."""
        if "value" not in columns:
            return "FALSE"
        if is_text(kinds["value"]):
            return "COALESCE(TRIM(t.value) <> '', FALSE)"
        number = f"CAST(t.value AS {steps.spelling.double})"
        return f"COALESCE({number} <> CAST('NaN' AS {steps.spelling.double}), FALSE)"

    def _is_read(
        self, steps: Steps, columns: Mapping[str, str], kinds: Mapping[str, str], sign: str, number: str
    ) -> str:
        """Whether a number can be used: it is finite, and the sign before it is one that the mapping knows."""
        finite = f"ABS({number}) < {steps.infinite()}"
        if "operator" not in columns:
            return finite
        raw = f"TRIM({self._text('t.operator', kinds['operator'])})"
        return f"{finite} AND (COALESCE({raw}, '') IN ({self._blank}) OR ({sign}) IS NOT NULL)"

    @property
    def _blank(self) -> str:
        """What stands where nothing does: OMOP has 0 where it found no concept."""
        return "'', '0'" if self.mapping.source.kind == "omop" else "''"

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
            raw = f"TRIM({self._text('t.operator', kinds['operator'])})"
            signs = dict.fromkeys(("<", "<=", ">", ">=", "=")) | dict(table.operators)
            cases = " ".join(
                f"WHEN {steps.literal(one)} THEN {steps.literal(means or one)}" for one, means in signs.items()
            )
            sign = f"CASE {raw} {cases} END"
        number = self._plain(steps, "t.value", kinds.get("value", ""))
        if "value" not in columns or not is_text(kinds["value"]):
            return number, sign
        marks = steps.spelling.matched.format(x=_narrow("t.value"), pattern="^([<>≤≥]=?)")
        written = f"REPLACE(REPLACE(NULLIF({marks}, ''), '≤', '<='), '≥', '>=')"
        return number, f"COALESCE({sign}, {written})" if sign else written

    def _plain(self, steps: Steps, column: str, kind: str) -> str:
        """The number of a column, of text the one that stands there after a sign."""
        if not is_text(kind):
            return f"CAST({column} AS {steps.spelling.double})"
        found = steps.spelling.matched.format(x=_narrow(column), pattern=f"^[<>≤≥]?=? *({_AMOUNT})$")
        return f"CAST(NULLIF({found}, '') AS {steps.spelling.double})"


def _narrow(column: str) -> str:
    return f"TRIM(TRANSLATE({column}, '{_WIDE}', '{_NARROW}'))"
