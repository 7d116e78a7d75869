"""Drugs taken without a gap up to a day, and in a range of doses, over a population, as SQL."""

from datetime import date
from fractions import Fraction

from escalon.criteria.situation import Stretch
from escalon.expressions.events import Dose
from escalon.expressions.exactness import TOLERANCE
from escalon.facts import Day, UnitError, convert, spelled
from escalon.feasibility.events import EVENT, HAS_END, Marks, numbers_of, unbroken, untold, write_touching
from escalon.feasibility.leaves import DrugTaken, Leaves
from escalon.feasibility.steps import LAST, Steps, words

DOSE = "mg/d"
"""The unit every dose is kept in that can be."""


def dose_unit(unit: str | None) -> tuple[Fraction, str | None]:
    """What to multiply a dose by to have it in mg/d, and that unit; a unit of another kind stays."""
    if unit is None:
        return Fraction(1), None
    try:
        return convert(1, unit, DOSE), DOSE
    except UnitError:
        return Fraction(1), spelled(unit)


def write_treatments(steps: Steps, leaves: Leaves, marks: Marks) -> None:
    """Write the steps that answer every treatment that must have been taken without a gap."""
    asked = [(one, name) for one, name in leaves.of(DrugTaken).items() if isinstance(one, DrugTaken)]
    covers: list[tuple[DrugTaken, Stretch]] = []
    doses: list[tuple[DrugTaken, int]] = []
    for place, (one, name) in enumerate(asked):
        if one.period.unplaced is not None:
            steps.columns[name] = "CAST(NULL AS BOOLEAN)"
            continue
        marks.add("taken", place, numbers_of(steps, one.leaf.name), "TRUE")
        found = []
        for stretch in (one.held, one.dosed):
            if stretch is not None:
                found.append(_covered(steps, marks, one, stretch, len(covers)))
                covers.append((one, stretch))
        if one.dosed or one.leaf.stable:
            kinds = [("fits", "misfits")] if one.dosed else []
            kinds += [("steady", "changed")] if one.leaf.stable else []
            for yes, no in kinds:
                found.append(
                    f"CASE WHEN {steps.has(yes, len(doses))} THEN TRUE WHEN {steps.has(no, len(doses))} THEN FALSE END"
                )
            doses.append((one, len(covers) - 1))
        # Whatever somebody said besides: of a drug that was taken, the courses decide.
        taken = f"WHEN {steps.has('taken', place)} THEN {' AND '.join(found)}"
        steps.columns[name] = f"CASE {taken} {untold(steps, one)} END"
    if covers:
        marks.afterwards.append(lambda: _write_jointly(steps, covers))
    if doses:
        marks.afterwards.append(lambda: _write_doses(steps, doses, words(len(covers))))


# ---- whether every day of a stretch is covered


def _ends_of(steps: Steps, stretch: Stretch) -> tuple[str, str]:
    assert stretch.first is not None
    assert stretch.last is not None
    return steps.literal(stretch.first.earliest), steps.literal(stretch.last.earliest)


def _covered(steps: Steps, marks: Marks, one: DrugTaken, stretch: Stretch, place: int) -> str:
    """Whether what was taken covers a stretch, alone or several together; unknown where only what may have been does."""
    first, last = _ends_of(steps, stretch)
    by, numbers = steps.literal(one.period.by.earliest), numbers_of(steps, one.leaf.name)
    marks.add("covers", place, numbers, f"{HAS_END} AND f.d1 <= {first} AND COALESCE(f.e0, {by}) >= {last}")
    marks.add("may_cover", place, numbers, f"f.d0 <= {first} AND COALESCE(f.e1, {by}) >= {last}")
    marks.add("begins", place, numbers, f"f.d0 <= {first} AND COALESCE(f.e1, {by}) >= {first}")
    marks.add("ends", place, numbers, f"f.d0 <= {last} AND COALESCE(f.e1, {by}) >= {last}")
    sure, maybe = ([steps.has(f"{kind}{name}", place) for kind in ("", "jointly_")] for name in ("covers", "may_cover"))
    return f"CASE WHEN {' OR '.join(sure)} THEN TRUE WHEN {' OR '.join(maybe)} THEN NULL ELSE FALSE END"


def _write_jointly(steps: Steps, covers: list[tuple[DrugTaken, Stretch]]) -> None:
    """`jointly`: whether several that touch cover a stretch of which one may cover the first day and another the last.

    Most people took one thing all the time, or nothing for long enough; only of the others spans are laid end to end.
    """
    of = words(len(covers))
    rows = [
        (place, n, _day(stretch.first), _day(stretch.last), one.period.by.earliest)
        for place, (one, stretch) in enumerate(covers)
        for n in numbers_of(steps, one.leaf.name)
    ]
    steps.small_table("covers_asked", "l:int n:int first_day:date last_day:date by_day:date", rows)
    might = {word: f"begins{word} & ends{word} & ~covers{word}" for word in of}
    columns = [f"{text} AS might{word}, covers{word}, may_cover{word}" for word, text in might.items()]
    steps.texts["unsettled"] = (
        f"SELECT person, {', '.join(columns)}\nFROM marked WHERE {' OR '.join(f'({text}) <> 0' for text in might.values())}"
    )
    sure, maybe = (f"NOT {steps.has_at(f'm.{settled}', of, 'w.l')}" for settled in ("covers", "may_cover"))
    part = (
        "SELECT f.person, w.l, k.kind, CASE k.kind WHEN 0 THEN f.d1 ELSE f.d0 END AS s,\n"
        "COALESCE(CASE k.kind WHEN 0 THEN f.e0 ELSE f.e1 END, w.by_day) AS e, w.first_day, w.last_day\n"
        "FROM spells AS f JOIN unsettled AS m ON f.person = m.person JOIN covers_asked AS w ON f.n = w.n\n"
        "CROSS JOIN (SELECT 0 AS kind UNION ALL SELECT 1 AS kind) AS k\n"
        f"WHERE {EVENT} AND {steps.has_at('m.might', of, 'w.l')} AND {_IN_STRETCH}\n"
        f"AND CASE k.kind WHEN 0 THEN {HAS_END} AND {sure} ELSE {maybe} END"
    )
    write_touching(steps, "cover", [part], "s <= first_day AND e >= last_day", ", first_day, last_day")
    steps.texts["cover"] = (
        "SELECT person, l, kind, s <= first_day AND e >= last_day AS enough\n"
        f"FROM ({unbroken(steps, 'cover_spans', ', first_day, last_day')}) AS laid"
    )
    kinds = {"jointly_covers": "kind = 0 AND enough", "jointly_may_cover": "kind = 1 AND enough"}
    steps.pivot(
        "jointly",
        "cover",
        {f"{kind}{word}": steps.gathered("l", where, word) for kind, where in kinds.items() for word in of},
    )


def _day(day: Day | None) -> date | None:
    return day.earliest if day else None


_IN_STRETCH = "f.d0 <= w.last_day AND COALESCE(f.e1, w.by_day) >= w.first_day"


# ---- doses


def _range(dose: Dose | None) -> tuple[object, object, object]:
    if dose is None:
        return None, None, None
    times, unit = dose_unit(dose.unit or None)
    least, most = (None if end is None else float(end * times) for end in (dose.low, dose.high))
    return least, most, unit


def _write_doses(steps: Steps, doses: list[tuple[DrugTaken, int]], of: range) -> None:
    """`doses`: whether every dose of a stretch was in range, and whether it stayed the same; two at a time leave it open.

    Of those only who may have been on it throughout the stretch: whoever was not has not taken it as asked, at any dose.
    """
    rows = [
        (place, n, cover, _day(one.dosed.first), _day(one.dosed.last), one.period.by.earliest, *_range(one.leaf.dose))
        for place, (one, cover) in enumerate(doses)
        if one.dosed
        for n in numbers_of(steps, one.leaf.name)
    ]
    limits = "first_day:date last_day:date by_day:date least:double most:double in_unit:text"
    steps.small_table("doses_asked", f"l:int n:int c:int {limits}", rows or [(None,) * 9])
    begins, ends, throughout = (steps.has_at(f"m.{kind}", of, "w.c") for kind in ("begins", "ends", "may_cover"))
    tolerance, last = steps.literal(TOLERANCE), steps.literal(LAST)
    within = (
        "CASE WHEN unit = in_unit THEN "
        f"(CASE WHEN least IS NULL OR lo - least >= -{tolerance} THEN TRUE "
        f"WHEN hi - least < -{tolerance} OR (hi_open AND hi - least <= {tolerance}) THEN FALSE END) AND "
        f"(CASE WHEN most IS NULL OR hi - most <= {tolerance} THEN TRUE "
        f"WHEN lo - most > {tolerance} OR (lo_open AND lo - most >= -{tolerance}) THEN FALSE END) END"
    )
    end = f"COALESCE(e1, {last})"
    earlier = (
        "OVER (PARTITION BY c.person, c.l, c.n ORDER BY c.d0, c.e1 ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)"
    )
    order = "OVER (PARTITION BY c.person, c.l, c.n, c.surely ORDER BY c.dated, c.d1, c.d0, c.k, c.lo)"
    usable = "CASE WHEN lo = hi AND lo <> 0 THEN lo END"
    steps.texts["dose_courses"] = (
        f"SELECT person, l, n, lo, COALESCE(unit, '') AS in_unit, dated, d0, d1, {end} AS e1, k, surely, {within} AS fits, "
        f"{usable} AS amount\nFROM (SELECT f.*, w.l, w.least, w.most, w.in_unit, COALESCE(f.dated AND f.d1 <= w.last_day\n"
        "AND (f.d0 >= w.first_day OR f.ongoing OR COALESCE(f.e0 >= w.first_day, FALSE)), FALSE) AS surely\n"
        "FROM spells AS f JOIN doses_asked AS w ON f.n = w.n JOIN marked AS m ON f.person = m.person\n"
        f"WHERE {EVENT} AND {_IN_STRETCH} AND ({throughout} OR ({begins} AND {ends}))) AS courses"
    )
    of_one = "GROUP BY person, l, n HAVING COUNT(*)"
    steps.texts["dose_rows"] = (
        f"SELECT c.*, MAX(c.e1) {earlier} AS others_end,\n"
        f"FIRST_VALUE(c.amount) {order} AS first_amount, FIRST_VALUE(c.in_unit) {order} AS first_unit\n"
        f"FROM dose_courses AS c JOIN (SELECT person, l, n FROM dose_courses {of_one} > 1) AS several\n"
        "ON c.person = several.person AND c.l = several.l AND c.n = several.n"
    )
    changed = f"surely AND in_unit = first_unit AND ABS(amount - first_amount) > {tolerance}"
    all_within, outside = "BOOL_AND(COALESCE(fits, FALSE)) AS all_within", "BOOL_OR(surely AND NOT fits) AS outside"
    steps.texts["dose_names"] = (
        f"SELECT person, l, n, {all_within}, {outside},\n"
        "COALESCE(BOOL_OR(others_end > d0), FALSE) AS beside, COALESCE(BOOL_OR(" + changed + "), FALSE) AS changed,\n"
        f"COUNT(*) = COUNT(amount) AND MAX(amount) - MIN(amount) <= {tolerance} AND COUNT(DISTINCT in_unit) = 1 AS one_dose\n"
        "FROM dose_rows GROUP BY person, l, n\n"
        f"UNION ALL SELECT person, l, n, {all_within}, {outside}, FALSE AS beside, FALSE AS changed, TRUE AS one_dose\n"
        f"FROM dose_courses {of_one} = 1"
    )
    steps.texts["doses"] = (
        "SELECT person, l, CASE WHEN BOOL_AND(all_within) AND NOT BOOL_OR(beside) THEN TRUE\n"
        "WHEN BOOL_OR(outside) THEN FALSE END AS in_range,\n"
        "CASE WHEN BOOL_AND(one_dose) THEN TRUE WHEN BOOL_OR(changed) THEN FALSE END AS steady\n"
        "FROM dose_names GROUP BY person, l"
    )
    kinds = {"fits": "in_range", "misfits": "NOT in_range", "steady": "steady", "changed": "NOT steady"}
    columns = {
        f"{kind}{word}": steps.gathered("l", f"({where})", word)
        for kind, where in kinds.items()
        for word in words(len(doses))
    }
    steps.pivot("dosed", "doses", columns)
