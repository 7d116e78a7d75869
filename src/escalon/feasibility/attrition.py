"""The answer: how many people could enter, what each clause costs, who is one fact away; small counts withheld."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from escalon.conduct.judge.screening import Screening, Verdict
from escalon.facts import Day
from escalon.feasibility.counting import MET, NOT_APPLICABLE, NOT_MET, UNKNOWN, counted_things, counting
from escalon.feasibility.disclosure import SMALLEST, CountTie, Shown, adds_up, at_most
from escalon.feasibility.doubts import doubts, values_read
from escalon.feasibility.inquiry import UNSETTLED, Inquiry
from escalon.feasibility.mapping import WarehouseMapping
from escalon.feasibility.patterns import is_worked_out, weighed
from escalon.protocol.study import Criterion, Study

WITHHELD = "·"
"""What stands in the place of a count that is not shown, because it is small or because a small one could be worked out."""

_LEAST_WANTED = (
    "share_", "gained_", "unknown_", "alone_", "not_met_", "left_", "undecided", "eligible", "possible", "excluded"
)  # fmt: skip


@dataclass(frozen=True)
class Attrition:
    """What was counted, of everybody and by disease. Nothing of it is shown but through `shown`."""

    study: Study
    day: Day
    """The day everybody is looked at."""
    counts: Mapping[str, Mapping[str, float]]
    """By disease, then by what is counted."""
    nearly: int | None = None
    """Who is one obtainable fact from eligible; None where it was not asked."""
    obtain: Mapping[str, int] = field(default_factory=dict)
    """The fact, and for how many it would be enough."""
    smallest: int = SMALLEST
    mapping: WarehouseMapping = field(default_factory=WarehouseMapping)
    notes: tuple[str, ...] = ()

    @property
    def criteria(self) -> Sequence[Criterion]:
        """The clauses, in protocol order."""
        return self.study.criteria

    @property
    def groups(self) -> tuple[str, ...]:
        """The diseases of which somebody has one, in the study's order, then those without and those of whom it is unknown."""
        order = [one.id for one in self.study.diseases]
        return tuple(sorted(self.counts, key=lambda one: (one not in order, order.index(one) if one in order else one)))

    def total(self, name: str) -> int:
        """A count over all diseases."""
        return int(sum(one[name] for one in self.counts.values()))

    @cached_property
    def all_counts(self) -> dict[str, int]:
        """Every count an output may hold, and those a reader could think of."""
        last = len(self.criteria) - 1
        found = {name: self.total(name) for name in ("people", "eligible", "undecided")}
        found["possible"] = found["eligible"] + found["undecided"]
        found["excluded"] = found["people"] - found["possible"]
        for k in range(len(self.criteria)):
            for name in ("not_met", "unknown", "left", "alone", "gained"):
                found[f"{name}_{k}"] = self.total(f"{name}_{k}")
            before = found[f"left_{k - 1}"] if k else found["people"]
            found[f"removed_{k}"] = before - found[f"left_{k}"]
            found[f"passing_{k}"] = found["people"] - found[f"not_met_{k}"]
            found[f"also_{k}"] = found[f"not_met_{k}"] - found[f"alone_{k}"]
            found[f"first_{k}"] = found[f"removed_{k}"] - found[f"alone_{k}"]
        found["several"] = found["excluded"] - sum(found[f"alone_{k}"] for k in range(len(self.criteria)))
        for kind in ("alone", "also", "unknown", "gained"):
            found[f"Σ{kind}"] = sum(found[f"{kind}_{k}"] for k in range(len(self.criteria)))
        for group in self.groups:
            mine = self.counts[group]
            found |= {f"{name} {group}": int(mine[name]) for name in ("people", "eligible", "undecided")}
            found[f"possible {group}"] = int(mine[f"left_{last}"])
            found[f"excluded {group}"] = found[f"people {group}"] - found[f"possible {group}"]
        if self.nearly is not None:
            found["nearly"] = self.nearly
        found |= {f"obtain {name}": count for name, count in self.obtain.items() if count}
        return found

    def _ties(self) -> Iterator[CountTie]:
        """What ties the counts together, whoever the people are."""
        last = len(self.criteria) - 1
        yield from adds_up("people", ("excluded", "possible"))
        yield from adds_up("possible", ("undecided", "eligible"))
        if self.nearly is not None:
            yield at_most("nearly", "undecided")
        for name in self.obtain:
            if self.obtain[name]:
                yield at_most(f"obtain {name}", "nearly")
        for k in range(last + 1):
            before = f"left_{k - 1}" if k else "people"
            yield from adds_up(before, (f"left_{k}", f"removed_{k}"))
            yield from adds_up("people", (f"not_met_{k}", f"passing_{k}"))
            yield at_most(f"removed_{k}", f"not_met_{k}")
            yield at_most(f"alone_{k}", f"removed_{k}")
            yield at_most(f"left_{k}", f"passing_{k}")
            yield at_most(f"unknown_{k}", f"passing_{k}")
            yield CountTie({f"gained_{k}": 1, f"alone_{k}": -1, "undecided": -1}, 0)
            yield from self._ties_of_clause(k)
            elsewhere = {f"unknown_{j}": -1 for j in range(last + 1) if j != k}
            yield CountTie({f"alone_{k}": 1, "undecided": 1, f"gained_{k}": -1, **elsewhere}, 0)
        yield from adds_up("removed_0", ("not_met_0",))
        yield from adds_up(f"removed_{last}", (f"alone_{last}",))
        for kind in ("alone", "also", "unknown", "gained"):
            yield from adds_up(f"Σ{kind}", [f"{kind}_{k}" for k in range(last + 1)])
        yield from adds_up("excluded", ("Σalone", "several"))
        yield from adds_up("several", [f"first_{k}" for k in range(last + 1)])
        yield CountTie({"several": 2, "Σalso": -1}, 0)
        yield CountTie({"Σalso": 1, "several": -(last + 1)}, 0)
        yield at_most("undecided", "Σunknown")
        yield CountTie({"Σgained": 1, "Σalone": -1, "undecided": -1}, 0)
        yield from adds_up("possible", (f"left_{last}",))
        for name in ("people", "excluded", "possible", "undecided", "eligible"):
            yield from adds_up(name, [f"{name} {group}" for group in self.groups])
        for group in self.groups:
            yield from adds_up(f"people {group}", (f"excluded {group}", f"possible {group}"))
            yield from adds_up(f"possible {group}", (f"undecided {group}", f"eligible {group}"))

    @staticmethod
    def _ties_of_clause(k: int) -> Iterator[CountTie]:
        """What ties those who fail a clause, alone or with another, and those of whom it is unknown, to everybody."""
        yield from adds_up(f"not_met_{k}", (f"alone_{k}", f"also_{k}"))
        yield from adds_up(f"removed_{k}", (f"alone_{k}", f"first_{k}"))
        yield at_most(f"first_{k}", f"also_{k}")
        yield at_most(f"also_{k}", "several")
        yield CountTie({f"also_{k}": 2, "Σalso": -1}, 0)
        yield CountTie({"eligible": 1, f"unknown_{k}": 1, f"not_met_{k}": 1, "people": -1}, 0)
        yield CountTie({f"unknown_{k}": 1, f"not_met_{k}": 1, "undecided": -1, "excluded": -1}, 0)
        yield CountTie({f"gained_{k}": 1, f"alone_{k}": -1, f"unknown_{k}": -1}, 0)

    @property
    def shown(self) -> dict[str, int | None]:
        """Every count that may be shown; None where it is withheld."""
        return self._told[0]

    @cached_property
    def _told(self) -> tuple[dict[str, int | None], bool]:
        """Every count that may be shown, the most wanted first, and whether the shares of the clauses may."""
        shown = Shown(self.all_counts, list(self._ties()), self.smallest)
        heads = ("people", "possible", "eligible", "undecided", "excluded")
        chain = ["people", *(f"left_{k}" for k in range(len(self.criteria)))]
        found = {name: shown.publish(name, chain) for name in heads}
        for kind in ("left", "not_met", "alone", "gained", "unknown"):
            among = chain if kind == "left" else ()
            found |= {name: shown.publish(name, among) for name in (f"{kind}_{k}" for k in range(len(self.criteria)))}
        for name in self.all_counts:
            if " " in name or name == "nearly":
                found[name] = shown.publish(name)
        return self._less(found)

    def _less(self, found: dict[str, int | None]) -> tuple[dict[str, int | None], bool]:
        """Where it can be weighed, more is withheld, the least wanted first, until no small count can be worked out."""
        groups, verdicts = weighed(self.groups, self.all_counts, len(self.criteria))
        small = [name for name, count in self.all_counts.items() if 0 < count < self.smallest]
        has_shares = True
        for kind in _LEAST_WANTED if verdicts else ():
            told = {name: count for name, count in found.items() if count is not None}
            if kind in ("gained_", "unknown_") and not any(UNKNOWN in one for one in verdicts):
                continue
            shares = {k: self._percent(k) for k in range(len(verdicts)) if has_shares and self._is_shared(k, found)}
            if not is_worked_out(groups, verdicts, told, shares, small, self.smallest):
                break
            has_shares &= kind != "share_"
            found = {name: None if name.startswith(kind) else count for name, count in found.items()}
        return found, has_shares

    def share(self, k: int) -> int | None:
        """The part of those kept out that a clause accounts for, in whole percent, everybody shared among the clauses failed.

        It is the clause's Shapley value in the game in which clauses keep people out together (Shapley 1953): a person who
        fails three of them is a third of a person to each. Withheld where too few fail the clause.
        """
        found, has_shares = self._told
        return self._percent(k) if has_shares and self._is_shared(k, found) else None

    def _is_shared(self, k: int, shown: Mapping[str, int | None]) -> bool:
        is_told = shown[f"not_met_{k}"] is not None and shown["excluded"] is not None
        return is_told and self.all_counts["excluded"] >= 20 * self.smallest

    def _percent(self, k: int) -> int:
        return round(100 * sum(one[f"share_{k}"] for one in self.counts.values()) / self.all_counts["excluded"])

    def as_json(self) -> dict[str, Any]:
        """What may be shown, for scripts; null where a count is withheld."""
        shown = self.shown
        return {
            "study": self.study.id,
            "version": self.study.version,
            "day": str(self.day),
            "synthetic": self.mapping.source.synthetic,
            "smallest": self.smallest,
            **{name: shown.get(name) for name in ("people", "eligible", "undecided", "excluded", "nearly")},
            "silence_is_no": list(self.mapping.silent),
            "notes": list(self.notes),
            "by_disease": {
                group: {name: shown[f"{name} {group}"] for name in ("people", "eligible", "undecided", "excluded")}
                for group in self.groups
            },
            "clauses": [
                {
                    "id": one.id, "title": one.heading, "kind": one.kind, "rule": one.rule,
                    "left": shown[f"left_{k}"], "not_met": shown[f"not_met_{k}"], "unknown": shown[f"unknown_{k}"],
                    "alone": shown[f"alone_{k}"], "gained": shown[f"gained_{k}"], "share": self.share(k),
                }
                for k, one in enumerate(self.criteria)
            ],
            "obtain": {name: shown[f"obtain {name}"] for name, count in self.obtain.items() if count},
        }  # fmt: skip


HEADS = ("people", "eligible", "undecided", "excluded")


def compared(found: Attrition, others: Sequence[tuple[str, Attrition]]) -> list[dict[str, Any]]:
    """The totals under other rules: those of the study, and by how much they change, in whole steps of the fewest shown.

    So any two totals told are whole steps apart, by one command or by two: a few people are never the difference of two.
    """
    told = []
    for what, other in others:
        row = {
            name: _stepwise(found.shown[name], other.all_counts[name] - found.all_counts[name], found.smallest)
            for name in HEADS
        }
        told.append({"what": what, "version": other.study.version, "steps_of": found.smallest, **row})
    return told


def _stepwise(shown: int | None, change: int, step: int) -> int | None:
    """A number of people changed by so many, as far as whole steps go; None where it is less than one, or few are left."""
    if shown is None or 0 < abs(change) < step:
        return None
    changed = shown + abs(change) // step * step * (1 if change > 0 else -1)
    return changed if not 0 < changed < step else None


def count(inquiry: Inquiry, smallest: int = SMALLEST) -> Attrition:
    """Ask the warehouse and count. Raises MappingError and WarehouseError."""
    prepared = inquiry.prepared()
    rows, [(nearly, *by)], read = inquiry.warehouse.answers(prepared.counts(), prepared.nearly(), values_read(prepared))
    return Attrition(
        inquiry.study,
        inquiry.day,
        _read(rows, len(inquiry.criteria)),
        int(nearly or 0),
        {name: int(n or 0) for name, n in zip(prepared.facts_to_obtain(), by, strict=True)},
        smallest,
        inquiry.mapping,
        doubts(prepared, smallest, read),
    )


def of_screenings(study: Study, screenings: Sequence[Screening], day: Day, smallest: int = SMALLEST) -> Attrition:
    """The same counts of people who were screened one by one, each on a day of their own."""
    import duckdb

    if not study.criteria:
        raise ValueError(f"{study.id} has no clause of eligibility to count by. Write them in eligibility.toml")
    verdicts = {
        Verdict.MET: MET,
        Verdict.NOT_MET: NOT_MET,
        Verdict.UNKNOWN: UNKNOWN,
        Verdict.NOT_APPLICABLE: NOT_APPLICABLE,
    }
    columns = [f"v{place}" for place in range(len(study.criteria))]
    connection = duckdb.connect()
    connection.execute(f"CREATE TABLE screened (disease TEXT, {', '.join(f'{one} TINYINT' for one in columns)})")
    rows = [(one.disease or UNSETTLED, *(verdicts[clause.verdict] for clause in one.clauses)) for one in screenings]
    if rows:
        connection.executemany(f"INSERT INTO screened VALUES (?{', ?' * len(columns)})", rows)
    text = counting({"verdicts": "SELECT *, 1 AS people FROM screened"}, len(columns), "duckdb")
    return Attrition(
        study, day, _read(connection.execute(text.text("duckdb")).fetchall(), len(columns)), smallest=smallest
    )


def _read(rows: Iterable[Sequence[Any]], clauses: int) -> dict[str, dict[str, float]]:
    names = tuple(counted_things(clauses, "duckdb"))
    return {row[0]: {name: float(value or 0) for name, value in zip(names, row[1:], strict=True)} for row in rows}
