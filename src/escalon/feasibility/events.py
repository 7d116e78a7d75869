"""Events and treatments over a population, as SQL: what happened, what may have, what somebody said had not.

One pass over `spells` finds for every person the places (see `steps`) of all leaves at once: a row of a name gives the leaves
that read the name in a stretch of days in which the row lies. What takes more than one row is looked at afterwards, and only
of those whom no single row has settled: several treatments that touch, and what somebody said had not happened.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from escalon.criteria.situation import Stretch
from escalon.feasibility.leaves import DrugTaken, Leaves, Occurred
from escalon.feasibility.steps import FIRST, Steps, bounds, masks, words

EVENT = "f.known AND COALESCE(f.said, TRUE)"
HAS_END = "f.dated AND (f.e0 IS NOT NULL OR f.ongoing)"
_LONG = "(f.e0 IS NOT NULL OR f.ongoing OR f.open_end)"
# A «no» speaks for a stretch when it was said late enough; `stated_from` is null where it may be of any day.
_DENIES = """COALESCE(f.known AND NOT f.said AND (w.stated_from IS NULL OR (f.dated AND f.d0 >= w.stated_from))
AND (NOT f.dated OR f.d1 <= w.by_day), FALSE)"""


@dataclass
class Marks:
    """What one row can say: sets of places, and for each place the names and the condition under which a row gives it."""

    steps: Steps
    given: dict[str, dict[str, dict[int, list[int]]]] = field(default_factory=dict)
    """By set and condition: the places that a row of a name (by its number) gives."""
    places: dict[str, int] = field(default_factory=dict)
    """How many places a set has."""
    afterwards: list[Callable[[], None]] = field(default_factory=list)
    """What rests on them and is written later."""

    def add(self, kind: str, place: int, numbers: Iterable[int], condition: str) -> None:
        """A row of one of the names gives the place where the condition holds of it."""
        by_name = self.given.setdefault(kind, {}).setdefault(condition, {})
        for number in numbers:
            by_name.setdefault(number, []).append(place)
        self.places[kind] = max(self.places.get(kind, 0), place + 1)

    def write(self) -> None:
        """`marks` says what a row of a name may give, `marked` what all rows of a person do; then what rests on them."""
        numbers = sorted({n for conditions in self.given.values() for by_name in conditions.values() for n in by_name})
        if not numbers:
            return
        rows: dict[int, list[int]] = {number: [] for number in numbers}
        columns: dict[str, str] = {}
        for kind, conditions in self.given.items():
            of = words(self.places[kind])
            cells: list[list[str]] = [[] for _ in of]
            for condition, by_name in conditions.items():
                at = len(rows[numbers[0]])
                for number, row in rows.items():
                    row += masks(by_name.get(number, ()), of)
                for word in of:
                    cells[word].append(f"CASE WHEN {condition} THEN w.m{at + word} ELSE 0 END")
            columns |= {f"{kind}{word}": f"BIT_OR({' + '.join(cells[word])})" for word in of}
        typed = "".join(f" m{place}:bigint" for place in range(len(rows[numbers[0]])))
        self.steps.small_table("marks", f"n:int{typed}", [(number, *row) for number, row in rows.items()])
        self.steps.pivot("marked", f"spells AS f JOIN marks AS w ON f.n = w.n WHERE {EVENT}", columns)
        for rest in self.afterwards:
            rest()


def write_events(steps: Steps, leaves: Leaves, marks: Marks) -> None:
    """Write the steps that answer every event, history and treatment among the leaves."""
    asked = [(one, name) for one, name in leaves.of(Occurred).items() if isinstance(one, Occurred)]
    lasting: dict[int, Occurred] = {}
    for place, (one, _) in enumerate(asked):
        numbers = numbers_of(steps, one.leaf.name)
        if one.period.unplaced is not None:
            continue
        sure, perhaps = _surely(steps, one.period), _perhaps(steps, one.period)
        if one.leaf.lasting:
            lasting[place] = one
            sure = f"{perhaps} AND {HAS_END} AND {_reaches(steps, one, *_cut(steps, one, sure=True))}"
            perhaps = f"{perhaps} AND {_reaches(steps, one, *_cut(steps, one, sure=False))}"
        marks.add("happened", place, numbers, sure)
        marks.add("perhaps", place, numbers, perhaps)
    if lasting:
        marks.afterwards.append(lambda: _write_lasting(steps, lasting, words(marks.places["perhaps"])))
    for place, (one, name) in enumerate(asked):
        yes, maybe = steps.has("happened", place), steps.has("perhaps", place)
        if place in lasting:
            yes, maybe = f"{yes} OR {steps.has('lasted', place)}", f"{maybe} OR {steps.has('maybe_lasted', place)}"
        told = f"WHEN {yes} THEN TRUE WHEN {maybe} THEN NULL"
        steps.columns[name] = _UNKNOWN if one.period.unplaced is not None else f"CASE {told} {_untold(steps, one)} END"


_UNKNOWN = "CAST(NULL AS BOOLEAN)"


def numbers_of(steps: Steps, name: str) -> list[int]:
    """The number of a name, and those of the names it stands for."""
    return [steps.number(name), *map(steps.number, steps.members(name))]


def _surely(steps: Steps, period: Stretch) -> str:
    """Whether a row (f) surely lies in a stretch, or what lasts surely overlaps it."""
    first, last, bounded, _ = bounds(period)
    of, to = steps.literal(first), steps.literal(last)
    begun, since = (
        ("", "")
        if period.first is None
        else (f" AND (f.ongoing OR COALESCE(f.e0, f.d0) >= {of})", f"f.d0 >= {of} AND ")
    )
    return (
        f"CASE WHEN {_LONG} THEN f.dated AND f.d1 <= {to}{begun} "
        f"WHEN f.dated THEN {since}f.d1 <= {to} ELSE {steps.literal(not bounded)} END"
    )


def _perhaps(steps: Steps, period: Stretch) -> str:
    first, last, *_ = bounds(period)
    of, to = steps.literal(first), steps.literal(last)
    if period.first is None:
        return f"(NOT f.dated OR f.d0 <= {to})"
    begun = f" AND (f.ongoing OR f.e1 IS NULL OR f.e1 >= {of})"
    return (
        f"CASE WHEN NOT f.dated THEN TRUE WHEN {_LONG} THEN f.d0 <= {to}{begun} ELSE f.d1 >= {of} AND f.d0 <= {to} END"
    )


# ---- what somebody said had not happened


def _untold(steps: Steps, one: Occurred | DrugTaken) -> str:
    """What holds where no row says that it happened: a «no», or silence where silence counts."""
    if isinstance(one, Occurred) and one.leaf.recorded:
        return "ELSE FALSE"
    return untold(steps, one)


def untold(steps: Steps, one: Occurred | DrugTaken) -> str:
    """Where no row says that it happened: a «no» about it or all it stands for, or silence where silence counts."""
    place = steps.denied.setdefault(one, len(steps.denied))
    found = f"WHEN {steps.has('denied', place)} THEN FALSE"
    members = steps.members(one.leaf.name)
    quiet = one.leaf.name in steps.silent or (bool(members) and steps.silent.issuperset(members))
    if quiet or not steps.silent.isdisjoint(members):
        nothing = f"NOT COALESCE({steps.has('asked', place)}, FALSE) AND "  # who was asked was not silent
        nothing += "" if quiet else f"{steps.has('denied_else', place)} AND "
        found += f" WHEN {nothing}{steps.is_observed(one.period)} THEN FALSE"
    return found


def write_denials(steps: Steps) -> None:
    """`denials`: who said no of a leaf, or of every name it stands for, or of all of them whose silence is not a no as well.

    Of an event, one asked about again and not known takes an earlier «no» back.
    """
    rows: list[Sequence[object]] = []
    for one, place in steps.denied.items():
        members = steps.members(one.leaf.name)
        spoken = [each for each in members if each not in steps.silent]
        stated = one.period.stated_from.earliest if one.period.stated_from else None
        first = FIRST if one.period.first is None else one.period.first.earliest
        by = (stated, first, one.period.by.earliest, isinstance(one, Occurred), len(members), len(spoken))
        rows.append((place, steps.number(one.leaf.name), True, False, *by))
        rows += [(place, steps.number(each), False, each in spoken, *by) for each in members]
    if not rows:
        return
    columns = (
        "l:int n:int own:truth is_spoken:truth stated_from:date first_day:date by_day:date again:truth members:int"
    )
    steps.small_table("denying", f"{columns} spoken:int", rows)
    denied = "denied_on IS NOT NULL AND (asked_again IS NULL OR asked_again <= denied_on)"
    steps.texts["denials"] = (
        f"SELECT person, l, BOOL_OR(own AND {denied}) OR (MAX(members) > 0 AND\n"
        f"COUNT(CASE WHEN NOT own AND {denied} THEN 1 END) = MAX(members)) AS is_denied,\n"
        f"COUNT(CASE WHEN is_spoken AND {denied} THEN 1 END) = MAX(spoken) AS is_denied_else, BOOL_OR(open) AS is_asked\n"
        f"FROM (SELECT f.person, w.l, w.n, w.own, w.is_spoken, w.members, w.spoken,\n"
        f"MAX(CASE WHEN {_DENIES} THEN f.d0 END) AS denied_on,\n"
        "MAX(CASE WHEN NOT f.known AND f.dated AND w.again THEN f.d1 END) AS asked_again,\n"
        "BOOL_OR(NOT f.known AND COALESCE(f.e1, f.d1) >= w.first_day AND f.d0 <= w.by_day) AS open\n"
        "FROM spells AS f JOIN denying AS w ON f.n = w.n WHERE NOT f.known OR NOT COALESCE(f.said, TRUE)\n"
        "GROUP BY f.person, w.l, w.n, w.own, w.is_spoken, w.members, w.spoken) AS each_denial GROUP BY person, l"
    )
    kinds = {"denied": "is_denied", "denied_else": "is_denied_else", "asked": "is_asked"}
    of = words(len(steps.denied))
    steps.pivot(
        "said_no",
        "denials",
        {f"{kind}{word}": steps.gathered("l", where, word) for kind, where in kinds.items() for word in of},
    )


# ---- stretches without a gap


def _cut(steps: Steps, one: Occurred, *, sure: bool) -> tuple[str, str]:
    """The days of a row (f) that count: no more than surely, or all that may."""
    first = FIRST if one.period.first is None else one.period.first.earliest
    last, until = (one.period.last or one.period.by).latest, one.period.by.latest
    begun, ended = ("f.d1", "f.e0") if sure else ("f.d0", "f.e1")
    return (
        begun if one.period.first is None else f"GREATEST({begun}, {steps.literal(first)})",
        f"LEAST(COALESCE({ended}, {steps.literal(until)}), {steps.literal(last)})",
    )


def _reaches(steps: Steps, one: Occurred, s: str, e: str) -> str:
    """Whether it is long enough from one day to another."""
    assert one.leaf.lasting is not None
    number, unit = one.leaf.lasting.number, one.leaf.lasting.unit
    if unit in ("week", "year"):
        number, unit = (number * 7, "day") if unit == "week" else (number * 12, "month")
    return f"{s} <= {e} AND ({s} = {steps.literal(FIRST)} OR {steps.spelling.later.format(x=s, n=number, unit=unit)} <= {e})"


def _write_lasting(steps: Steps, lasting: Mapping[int, Occurred], of: range) -> None:
    """`lasting`: whether several treatments that touch lasted so long, of those who took no single one so long."""
    parts, enough = [], []
    for place, one in lasting.items():
        numbers = ", ".join(map(str, numbers_of(steps, one.leaf.name)))
        enough.append(f"WHEN {place} THEN {_reaches(steps, one, 's', 'e')}")
        for kind, (settled, where) in enumerate((("happened", HAS_END), ("perhaps", "TRUE"))):
            s, e = _cut(steps, one, sure=kind == 0)
            parts.append(
                f"SELECT f.person, {place} AS l, {kind} AS kind, {s} AS s, {e} AS e\n"
                f"FROM spells AS f JOIN marked AS m ON f.person = m.person WHERE f.n IN ({numbers}) AND {EVENT}\n"
                f"AND {where} AND NOT {steps.has(f'm.{settled}', place)} AND {_perhaps(steps, one.period)}"
            )
    long_enough = f"CASE l {' '.join(enough)} END"
    write_touching(steps, "long", parts, long_enough)
    steps.texts["long"] = (
        f"SELECT person, l, kind, {long_enough} AS enough FROM ({unbroken(steps, 'long_spans')}) AS laid"
    )
    kinds = {"lasted": "kind = 0 AND enough", "maybe_lasted": "kind = 1 AND enough"}
    steps.pivot(
        "lasting",
        "long",
        {f"{kind}{word}": steps.gathered("l", where, word) for kind, where in kinds.items() for word in of},
    )


def write_touching(steps: Steps, step: str, parts: Sequence[str], enough: str, kept: str = "") -> None:
    """`…_spans`: the spans (person, l, kind, s, e) of those of whom several together might be enough."""
    steps.texts[f"{step}_parts"] = f"SELECT * FROM ({' UNION ALL '.join(parts)}) AS cut WHERE s <= e"
    steps.texts[f"{step}_spans"] = (
        f"SELECT r.* FROM {step}_parts AS r JOIN (\n"
        f"SELECT person, l, kind FROM (SELECT person, l, kind{kept}, COUNT(*) AS spans, MIN(s) AS s, MAX(e) AS e\n"
        f"FROM {step}_parts GROUP BY person, l, kind{kept}) AS whole WHERE spans > 1 AND {enough}\n"
        ") AS a ON r.person = a.person AND r.l = a.l AND r.kind = a.kind"
    )


def unbroken(steps: Steps, spans: str, kept: str = "") -> str:
    """Spans that touch or overlap, as one."""
    window = "OVER (PARTITION BY person, l, kind ORDER BY s, e ROWS"
    before = f"MAX(e) {window} BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)"
    begins = f"CASE WHEN reached IS NULL OR {steps.spelling.day_before.format(x='s')} > reached THEN 1 ELSE 0 END"
    return (
        f"SELECT person, l, kind{kept}, MIN(s) AS s, MAX(e) AS e FROM (\n"
        f"SELECT *, SUM({begins}) {window} UNBOUNDED PRECEDING) AS stretch\n"
        f"FROM (SELECT *, {before} AS reached FROM {spans}) AS reaching\n) AS counted GROUP BY person, l, kind, stretch{kept}"
    )
