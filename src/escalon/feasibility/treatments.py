"""Drugs taken without a gap up to a day, and in a range of doses, over a population, as SQL."""

from fractions import Fraction

from escalon.criteria.situation import Period
from escalon.expressions.events import Dose
from escalon.expressions.exactness import TOLERANCE
from escalon.facts import UnitError, convert, spelled
from escalon.feasibility.events import DENIES, EVENT, WINDOW, named, unbroken, window_of, write_states
from escalon.feasibility.leaves import DrugTaken, Leaves
from escalon.feasibility.steps import LAST, Steps, cased

DOSE = "mg/d"
"""The unit every dose is kept in that can be."""
_STRETCHES = "held_first:date held_last:date dosed_first:date dosed_last:date least:double most:double in_unit:text"


def dose_unit(unit: str | None) -> tuple[Fraction, str | None]:
    """What to multiply a dose by to have it in mg/d, and that unit; a unit of another kind stays."""
    if unit is None:
        return Fraction(1), None
    try:
        return convert(1, unit, DOSE), DOSE
    except UnitError:
        return Fraction(1), spelled(unit)


def write_treatments(steps: Steps, leaves: Leaves) -> None:
    """Write the steps that answer every treatment that must have been taken without a gap."""
    asked = [(one, name) for one, name in leaves.of(DrugTaken).items() if isinstance(one, DrugTaken)]
    if not asked:
        return
    rows = [
        (place, n, own, *window_of(one), *_stretch(one.held), *_stretch(one.dosed), *_range(one.leaf.dose))
        for place, (one, _) in enumerate(asked)
        for n, own in named(steps, one.leaf.name)
    ]
    steps.small_table("drugs", f"l:int n:int own:truth {WINDOW} {_STRETCHES}", rows)
    _write_courses(steps)
    _write_covered(steps)
    _write_doses(steps)
    held = _held_back([place for place, (one, _) in enumerate(asked) if one.held], "held")
    dosed = [place for place, (one, _) in enumerate(asked) if one.dosed]
    in_range = cased("l", [(place, "in_range") for place in dosed], "TRUE")
    steady = cased("l", [(place, "steady") for place, (one, _) in enumerate(asked) if one.leaf.stable], "TRUE")
    steps.texts["taken_truth"] = (
        f"SELECT person, l, {held} AND {_held_back(dosed, 'dosed')} AND {in_range} AND {steady} AS truth\n"
        "FROM covered LEFT JOIN doses USING (person, l)"
    )
    steps.texts["not_taken"] = (
        "SELECT f.person, w.l, w.n, w.own, TRUE AS denied FROM facts AS f JOIN drugs AS w ON f.n = w.n\n"
        f"WHERE f.known AND NOT COALESCE(f.said, TRUE) AND {DENIES} AND NOT EXISTS (\n"
        "SELECT 1 FROM taken_truth AS t WHERE t.person = f.person AND t.l = w.l) GROUP BY f.person, w.l, w.n, w.own"
    )
    # Whatever somebody said besides: of a drug that was taken, the courses decide.
    courses = "SELECT person, l, CASE WHEN truth THEN 5 WHEN NOT truth THEN 3 ELSE 4 END AS code FROM taken_truth"
    write_states(steps, "taken", "not_taken", asked, "denied", ("FALSE", "FALSE", "FALSE"), besides=courses)


def _stretch(period: Period | None) -> tuple[object, object]:
    if period is None or period.first is None or period.last is None:
        return None, None
    return period.first.earliest, period.last.earliest


def _range(dose: Dose | None) -> tuple[object, object, object]:
    if dose is None:
        return None, None, None
    times, unit = dose_unit(dose.unit or None)
    least, most = (None if end is None else float(end * times) for end in (dose.low, dose.high))
    return least, most, unit


def _held_back(places: list[int], stretch: str) -> str:
    """Whether every day of a stretch is covered; unknown where only what may have been taken covers it."""
    sure = f"CASE WHEN {stretch}_sure THEN TRUE WHEN {stretch}_maybe THEN NULL ELSE FALSE END"
    return cased("l", [(place, sure) for place in places], "TRUE")


def _write_courses(steps: Steps) -> None:
    copied = ", ".join(f"f.{one}" for one in "person d0 d1 dated e0 e1 ongoing lo lo_open hi hi_open unit k".split())
    limits = ", ".join(
        f"w.{one}" for one in "l n by_day held_first held_last dosed_first dosed_last least most in_unit".split()
    )
    steps.texts["courses"] = (
        f"SELECT {copied}, {limits},\n"
        "COALESCE(f.d0 <= w.dosed_last AND COALESCE(f.e1, w.by_day) >= w.dosed_first, FALSE) AS in_stretch,\n"
        "COALESCE(f.dated AND f.d1 <= w.dosed_last\n"
        "AND (f.d0 >= w.dosed_first OR f.ongoing OR COALESCE(f.e0 >= w.dosed_first, FALSE)), FALSE) AS surely\n"
        f"FROM facts AS f JOIN drugs AS w ON f.n = w.n WHERE {EVENT}"
    )


_HAS_END = "dated AND (e0 IS NOT NULL OR ongoing)"
# What was surely, or may have been, taken in each stretch: its name, first and last day, and which rows count.
_COVERS = (
    ("held_sure", "d1", "COALESCE(e0, by_day)", _HAS_END),
    ("held_maybe", "d0", "COALESCE(e1, by_day)", "TRUE"),
    ("dosed_sure", "d1", "COALESCE(e0, by_day)", f"{_HAS_END} AND in_stretch"),
    ("dosed_maybe", "d0", "COALESCE(e1, by_day)", "in_stretch"),
)


def _write_covered(steps: Steps) -> None:
    """`covered`: whether what was surely (or may have been) taken covers the stretches, one span touching the next.

    Most people took one thing all the time, or nothing for long enough; only where several together might do are they laid
    end to end.
    """
    alone, jointly, parts, columns = [], [], [], []
    for kind, (name, s, e, where) in enumerate(_COVERS):
        first, last = (f"{name.partition('_')[0]}_{end}" for end in ("first", "last"))
        alone.append(f"COALESCE(BOOL_OR({where} AND {s} <= {first} AND {e} >= {last}), FALSE) AS {name}")
        jointly.append(
            f"COALESCE(courses > 1 AND NOT {name} AND s <= {first} AND e >= {last}, FALSE) AS {name}_jointly"
        )
        parts.append(
            f"SELECT c.person, c.l, {kind} AS kind, {s} AS s, {e} AS e, c.{first} AS first_day, c.{last} AS last_day\n"
            f"FROM courses AS c JOIN covered_alone AS a ON c.person = a.person AND c.l = a.l AND a.{name}_jointly WHERE {where}"
        )
        columns.append(f"a.{name} OR COALESCE(j.{name}, FALSE) AS {name}")
    ends = [f"MIN({stretch}_{end}) AS {stretch}_{end}" for stretch in ("held", "dosed") for end in ("first", "last")]
    whole = ["COUNT(*) AS courses", "MIN(d0) AS s", "MAX(COALESCE(e1, by_day)) AS e", *ends]
    steps.texts["covered_alone"] = (
        f"SELECT *, {', '.join(jointly)}\n"
        f"FROM (SELECT person, l, {', '.join([*alone, *whole])} FROM courses GROUP BY person, l) AS each"
    )
    spans = " UNION ALL\n".join(parts)
    steps.texts["spans_of_courses"] = (
        f"SELECT DISTINCT person, l, kind, s, e, first_day, last_day\nFROM ({spans}) AS cut WHERE s <= e"
    )
    covers = "BOOL_OR(kind = {kind} AND s <= first_day AND e >= last_day) AS {name}"
    laid = ", ".join(covers.format(kind=kind, name=name) for kind, (name, *_) in enumerate(_COVERS))
    steps.texts["covered_jointly"] = (
        f"SELECT person, l, {laid}\nFROM ({unbroken(steps, 'spans_of_courses', ', first_day, last_day')}) AS stretches\n"
        "GROUP BY person, l"
    )
    steps.texts["covered"] = (
        f"SELECT a.person, a.l, {', '.join(columns)}\n"
        "FROM covered_alone AS a LEFT JOIN covered_jointly AS j ON a.person = j.person AND a.l = j.l"
    )


def _write_doses(steps: Steps) -> None:
    """`doses`: whether every dose of a stretch was in range, and whether it stayed the same; two at a time leave it open."""
    tolerance, last = steps.literal(TOLERANCE), steps.literal(LAST)
    within = (
        "CASE WHEN unit = in_unit THEN "
        f"(CASE WHEN least IS NULL OR lo - least >= -{tolerance} THEN TRUE "
        f"WHEN hi - least < -{tolerance} OR (hi_open AND hi - least <= {tolerance}) THEN FALSE END) AND "
        f"(CASE WHEN most IS NULL OR hi - most <= {tolerance} THEN TRUE "
        f"WHEN lo - most > {tolerance} OR (lo_open AND lo - most >= -{tolerance}) THEN FALSE END) END"
    )
    end = f"COALESCE(e1, {last})"
    earlier = f"OVER (PARTITION BY person, l, n ORDER BY d0, {end} ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)"
    order = "OVER (PARTITION BY person, l, n, surely ORDER BY dated, d1, d0, k, lo)"
    usable = "CASE WHEN lo = hi AND lo <> 0 THEN lo END"
    steps.texts["dose_rows"] = (
        f"SELECT *, {within} AS fits, MAX({end}) {earlier} AS others_end, {usable} AS amount,\n"
        f"FIRST_VALUE({usable}) {order} AS first_amount, FIRST_VALUE(COALESCE(unit, '')) {order} AS first_unit\n"
        "FROM courses WHERE in_stretch"
    )
    changed = f"surely AND COALESCE(unit, '') = first_unit AND ABS(amount - first_amount) > {tolerance}"
    steps.texts["dose_names"] = (
        "SELECT person, l, n, BOOL_AND(COALESCE(fits, FALSE)) AS all_within, BOOL_OR(surely AND NOT fits) AS outside,\n"
        "COALESCE(BOOL_OR(others_end > d0), FALSE) AS beside, COALESCE(BOOL_OR(" + changed + "), FALSE) AS changed,\n"
        f"COUNT(*) = 1 OR (COUNT(*) = COUNT(amount) AND MAX(amount) - MIN(amount) <= {tolerance} "
        "AND COUNT(DISTINCT COALESCE(unit, '')) = 1) AS one_dose\n"
        "FROM dose_rows GROUP BY person, l, n"
    )
    steps.texts["doses"] = (
        "SELECT person, l, CASE WHEN BOOL_AND(all_within) AND NOT BOOL_OR(beside) THEN TRUE\n"
        "WHEN BOOL_OR(outside) THEN FALSE END AS in_range,\n"
        "CASE WHEN BOOL_AND(one_dose) THEN TRUE WHEN BOOL_OR(changed) THEN FALSE END AS steady\n"
        "FROM dose_names GROUP BY person, l"
    )
