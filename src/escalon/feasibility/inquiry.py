"""One question to one warehouse: which of its people could enter a study on a day, as one statement of SQL."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from escalon.conduct.judge.screening import to_come
from escalon.criteria.situation import AnchorDay, Situation
from escalon.expressions.events import Pick
from escalon.expressions.tree import Literal, Node, Op
from escalon.facts import Day, Facts
from escalon.feasibility.columns import as_called
from escalon.feasibility.computable import parts_of
from escalon.feasibility.counting import MET, NOT_APPLICABLE, NOT_MET, UNKNOWN, counting, number_of
from escalon.feasibility.mapping import WarehouseMapping
from escalon.feasibility.origins import Reader
from escalon.feasibility.population import Everybody
from escalon.feasibility.steps import Steps, members_of, numbered
from escalon.feasibility.stepwise import StepwiseQuery
from escalon.feasibility.warehouse import Warehouse
from escalon.protocol.names import names_in
from escalon.protocol.study import Criterion, Study

UNSETTLED, NO_DISEASE = "not known", "none"


def situation_on(study: Study, day: Day) -> Situation:
    """Everybody as if screened on a day: consent and screening are that day, and treatment is to come, as `situation` has it."""
    ahead, anchors = to_come(study), {}
    for name, anchor in study.anchors.items():
        first = Day.of(day.earliest - timedelta(days=anchor.days_before))
        laid = anchor.fact in (study.roles.consent, study.roles.screening, *ahead)
        anchors[name] = AnchorDay(day, first, day, to_come=anchor.fact in ahead) if laid else AnchorDay(None)
    return Situation(Facts(), day, anchors, study.vocabulary)


@dataclass(frozen=True)
class Inquiry:
    """A study's clauses over the people of a warehouse on a day."""

    study: Study
    mapping: WarehouseMapping
    warehouse: Warehouse
    day: Day

    @property
    def criteria(self) -> tuple[Criterion, ...]:
        """The clauses, in protocol order."""
        return self.study.criteria

    def prepared(self) -> "Prepared":
        """The steps of the statement, written for this warehouse. Raises MappingError."""
        trees = {**self._clauses(), **self._diseases(), **self._settled()}
        population = Everybody(trees, situation_on(self.study, self.day))
        members = members_of(self.study.vocabulary)
        read = (name for tree in trees.values() for name in names_in(tree))
        names = numbered((*self.study.vocabulary, *parts_of(self.study), *read))
        mapping = as_called(self.mapping, self.warehouse)
        observed = "observed" if mapping.observed else ""
        steps = Steps(self.warehouse.dialect, names.__getitem__, members, frozenset(mapping.silent), observed)
        reader = Reader(self.study, mapping, self.warehouse, self.day.earliest)
        reader.write(steps, population.floors(steps))
        population.write(steps)
        return Prepared(replace(self, mapping=mapping), population, steps)

    def _clauses(self) -> dict[str, Node]:
        found: dict[str, Node] = {}
        for place, one in enumerate(self.criteria):
            found[f"c{place}"] = one.tree
            if one.applies is not None:
                found[f"a{place}"] = one.applies
        return found

    def _diseases(self) -> dict[str, Node]:
        return {
            f"disease{place}": Op("eq", (Pick("disease"), Literal(one.id)))
            for place, one in enumerate(self.study.diseases)
        }

    def _settled(self) -> dict[str, Node]:
        """Each clause as it would be if one name it reads were known and were as one could wish."""
        found: dict[str, Node] = {}
        for place, one in enumerate(self.criteria):
            wanted = one.kind == "inclusion"
            for number, name in enumerate(one.names):
                found[f"c{place}_{number}"] = hoped(one.tree, name, wanted)
                if one.applies is not None:
                    found[f"a{place}_{number}"] = hoped(one.applies, name, False)
        return found


def hoped(tree: Node, name: str, wanted: bool) -> Node:
    """A tree in which what reads a name and is not known is taken to be as one could wish."""
    match tree:
        case Op("not", (part,)):
            return Op("not", (hoped(part, name, not wanted),))
        case Op("and" | "or" as op, parts):
            return Op(op, tuple(hoped(part, name, wanted) for part in parts))
        case Op("at_least", (number, *parts)):
            return Op("at_least", (number, *(hoped(part, name, wanted) for part in parts)))
        case _ if name in names_in(tree):
            return Op("otherwise", (tree, Literal(wanted)))
    return tree


@dataclass(frozen=True)
class Prepared:
    """A statement ready to be run, in its parts."""

    inquiry: Inquiry
    population: Everybody
    steps: Steps

    def verdicts(self, source: str = "patterns", keep: Sequence[str] = ("pattern", "people")) -> dict[str, str]:
        """The steps up to `verdicts`: disease and verdict on each clause, of people of whom the same is known, or of each."""
        steps, clauses = self.steps, self.inquiry.criteria
        names = [name for name in self.population.trees if "_" not in name]
        texts = dict(steps.texts)
        texts["truths"] = self.population.select(steps, names, source, keep)
        verdicts = [f"{self._verdict(place, one)} AS v{place}" for place, one in enumerate(clauses)]
        texts["verdicts"] = (
            f"SELECT {', '.join(keep)}, {self._disease()} AS disease, {', '.join(verdicts)}\nFROM truths"
        )
        return texts

    def _verdict(self, place: int, one: Criterion, suffix: str = "") -> str:
        """0 met, 1 not met, 2 unknown, 3 not applicable; to have an exclusion is not to meet it."""
        met = f"c{place}{suffix}" if one.kind == "inclusion" else f"NOT c{place}{suffix}"
        found = f"WHEN {met} THEN {MET} WHEN NOT {met} THEN {NOT_MET} ELSE {UNKNOWN} END"
        if one.applies is None:
            return f"CASE {found}"
        applies = f"a{place}{suffix}"
        return f"CASE WHEN NOT {applies} THEN {NOT_APPLICABLE} WHEN {applies} IS NULL THEN {UNKNOWN} {found}"

    def _disease(self) -> str:
        label = self.steps.spelling.label
        known = " ".join(
            f"WHEN disease{place} THEN {label(one.id)}" for place, one in enumerate(self.inquiry.study.diseases)
        )
        none = " AND ".join(f"NOT disease{place}" for place in range(len(self.inquiry.study.diseases)))
        return f"CASE {known} WHEN {none} THEN {label(NO_DISEASE)} ELSE {label(UNSETTLED)} END"

    def counts(self) -> StepwiseQuery:
        """The statement that counts, by disease: one row for each, and one number for each thing counted."""
        return counting(self.verdicts(), len(self.inquiry.criteria), self.steps.dialect_name)

    def nearly(self) -> StepwiseQuery:
        """The statement that counts who is one obtainable fact from eligible, by that fact, and how many there are in all."""
        texts, clauses = self.verdicts(), self.inquiry.criteria
        failed = number_of(len(clauses), NOT_MET)
        texts["hopeful"] = (
            f"SELECT pattern AS hoping FROM verdicts WHERE {failed} = 0 AND {number_of(len(clauses), UNKNOWN)} > 0"
        )
        names = [name for name in self.population.trees if not name.startswith("disease")]
        hopeful = "patterns JOIN hopeful ON pattern = hoping"
        texts["hoped"] = self.population.select(self.steps, names, hopeful, ("people",))
        columns = [f"{self._verdict(place, one)} AS v{place}" for place, one in enumerate(clauses)]
        settles: dict[str, list[str]] = {}
        for place, one in enumerate(clauses):
            for number, name in enumerate(one.names):
                columns.append(f"{self._verdict(place, one, f'_{number}')} AS v{place}_{number}")
                settled = f"v{place} = {UNKNOWN} AND v{place}_{number} IN ({MET}, {NOT_APPLICABLE})"
                settles.setdefault(name, []).append(f"CASE WHEN {settled} THEN 1 ELSE 0 END")
        texts["hopes"] = f"SELECT people, {', '.join(columns)}\nFROM hoped"
        by = [f"{' + '.join(some)} = open AS f{place}" for place, some in enumerate(settles.values())]
        texts["needs"] = (
            f"SELECT people, {', '.join(by)} FROM (SELECT *, {number_of(len(clauses), UNKNOWN)} AS open FROM hopes) AS counted"
        )
        sums = [f"SUM(CASE WHEN f{place} THEN people ELSE 0 END) AS n{place}" for place in range(len(settles))]
        anyone = " OR ".join(f"f{place}" for place in range(len(settles)))
        whole = f"SELECT SUM(CASE WHEN {anyone} THEN people ELSE 0 END) AS nearly, {', '.join(sums)}\nFROM needs"
        return StepwiseQuery(texts, whole)

    def facts_to_obtain(self) -> tuple[str, ...]:
        """The names in the order in which `nearly` counts them."""
        return tuple(dict.fromkeys(name for one in self.inquiry.criteria for name in one.names))

    def listed(self) -> StepwiseQuery:
        """The statement that lists who may enter: person, disease and the verdict on each clause."""
        texts, clauses = self.verdicts("known", ("person",)), self.inquiry.criteria
        columns = ", ".join(f"v{place}" for place in range(len(clauses)))
        return StepwiseQuery(
            texts,
            f"SELECT person, disease, {columns}\nFROM verdicts\n"
            f"WHERE {number_of(len(clauses), NOT_MET)} = 0 ORDER BY {number_of(len(clauses), UNKNOWN)}, person",
        )

    def everyone(self) -> StepwiseQuery:
        """The statement that says the verdict on each clause of every person."""
        columns = ", ".join(f"v{place}" for place in range(len(self.inquiry.criteria)))
        return StepwiseQuery(
            self.verdicts("known", ("person",)), f"SELECT person, disease, {columns}\nFROM verdicts ORDER BY person"
        )
