"""Events and treatments over a population, as SQL: what happened, what may have, what somebody said had not."""

from collections.abc import Mapping, Sequence
from datetime import date

from escalon.facts import Duration
from escalon.feasibility.leaves import DrugTaken, Leaves, Occurred
from escalon.feasibility.steps import FIRST, MAYBE, SURE, Steps, bounds, cased

_LONG = "(f.e0 IS NOT NULL OR f.ongoing OR f.open_end)"
_SURELY_OVERLAPS = """w.placed AND f.dated AND f.d1 <= w.last_day
AND (w.endless OR f.ongoing OR COALESCE(f.e0, f.d0) >= w.first_day)"""
_MAYBE_OVERLAPS = """NOT w.placed OR NOT f.dated OR (f.d0 <= w.last_day
AND (w.endless OR f.ongoing OR f.e1 IS NULL OR f.e1 >= w.first_day))"""
# A «no» speaks for a stretch when it was said late enough; `stated_from` is null where it may be of any day.
DENIES = """w.placed AND (w.stated_from IS NULL OR (f.dated AND f.d0 >= w.stated_from))
AND (NOT f.dated OR f.d1 <= w.by_day)"""
EVENT = "f.known AND COALESCE(f.said, TRUE)"
WINDOW = "first_day:date last_day:date bounded:truth placed:truth endless:truth stated_from:date by_day:date"


def write_events(steps: Steps, leaves: Leaves) -> None:
    """Write the steps that answer every event, history and treatment among the leaves."""
    asked = [(one, name) for one, name in leaves.of(Occurred).items() if isinstance(one, Occurred)]
    if not asked:
        return
    rows = [
        (place, n, own, *window_of(one))
        for place, (one, _) in enumerate(asked)
        for n, own in named(steps, one.leaf.name)
    ]
    steps.small_table("events", f"l:int n:int own:truth {WINDOW}", rows)
    steps.texts["event_rows"] = (
        f"SELECT f.*, w.l, w.own, {EVENT} AS is_event,\n"
        f"CASE WHEN {_LONG} THEN {_SURELY_OVERLAPS} ELSE {SURE} END AS sure,\n"
        f"CASE WHEN {_LONG} THEN {_MAYBE_OVERLAPS} ELSE {MAYBE} END AS maybe,\n"
        f"f.known AND NOT COALESCE(f.said, TRUE) AND {DENIES} AS denies, NOT f.known AND f.dated AS is_blank\n"
        "FROM facts AS f JOIN events AS w ON f.n = w.n"
    )
    steps.texts["event_names"] = (
        "SELECT person, l, n, own, BOOL_OR(is_event AND sure) AS sure, BOOL_OR(is_event AND maybe) AS maybe,\n"
        "MAX(CASE WHEN denies THEN d0 END) AS denied_on, MAX(CASE WHEN is_blank THEN d1 END) AS asked_again\n"
        "FROM event_rows GROUP BY person, l, n, own"
    )
    lasting = {place: one for place, (one, _) in enumerate(asked) if one.leaf.lasting}
    if lasting:
        _write_lasting(steps, lasting)
    source = "event_names" if not lasting else "event_names LEFT JOIN lasted USING (person, l)"
    sure = f"BOOL_OR({cased('l', [(place, 'maybe AND is_long') for place in lasting], 'sure')})"
    maybe = f"BOOL_OR({cased('l', [(place, 'maybe AND may_be_long') for place in lasting], 'maybe')})"
    denied = "(denied_on IS NOT NULL AND (asked_again IS NULL OR asked_again <= denied_on))"
    write_states(steps, "happened", source, asked, denied, (sure, maybe, "FALSE"))


def window_of(one: Occurred | DrugTaken) -> tuple[date | bool | None, ...]:
    """The days a leaf asks about, and from when on a «no» speaks for them."""
    period = one.period
    stated = period.stated_from.earliest if period.stated_from else None
    return (*bounds(period), period.first is None, stated, period.by.earliest)


def named(steps: Steps, name: str) -> list[tuple[int, bool]]:
    """The number of a name, and those of the names it stands for."""
    return [(steps.number(name), True), *((steps.number(each), False) for each in steps.members(name))]


# ---- from what was found under each name to an answer


def write_states(
    steps: Steps,
    step: str,
    source: str,
    asked: Sequence[tuple[Occurred | DrugTaken, str]],
    denied: str,
    found: tuple[str, str, str],
    besides: str = "",
) -> None:
    """A code for each leaf: 5 yes, 4 perhaps, 3 no, 2 no if silence is no, 1 nothing is known; 0 where nothing is recorded."""
    own, count = f"BOOL_OR(own AND {denied})", f"COUNT(CASE WHEN NOT own AND {denied} THEN 1 END)"
    absent, quiet = [], []
    for place, (one, _) in enumerate(asked):
        members = steps.members(one.leaf.name)
        spoken = [str(steps.number(each)) for each in members if each not in steps.silent]
        if members:
            absent.append((place, f"{count} = {len(members)}"))
        if one.leaf.name in steps.silent:
            quiet.append((place, "TRUE"))
        elif len(spoken) < len(members):
            told = f"COUNT(CASE WHEN NOT own AND {denied} AND n IN ({', '.join(spoken) or 'NULL'}) THEN 1 END)"
            quiet.append((place, f"{told} = {len(spoken)}"))
    yes, perhaps, no = found
    steps.texts[step] = (
        f"SELECT person, l, CASE WHEN {yes} THEN 5 WHEN {perhaps} THEN 4\n"
        f"WHEN {no} OR {own} OR {cased('l', absent)} THEN 3 WHEN {cased('l', quiet)} THEN 2 ELSE 1 END AS code\n"
        f"FROM {source} GROUP BY person, l{f' UNION ALL {besides}' if besides else ''}"
    )
    codes = steps.pack(f"{step}_of", step, len(asked))
    for (one, name), code in zip(asked, codes, strict=True):
        steps.columns[name] = _truth(steps, one, code)


def _truth(steps: Steps, one: Occurred | DrugTaken, code: str) -> str:
    """The truth of a code; nobody of whom nothing is recorded has one, unless silence counts."""
    if one.period.unplaced is not None:
        return "CAST(NULL AS BOOLEAN)"
    if isinstance(one, Occurred) and one.leaf.recorded:
        return f"CASE WHEN {code} = 5 THEN TRUE WHEN {code} = 4 THEN NULL ELSE FALSE END"
    members = steps.members(one.leaf.name)
    quiet = one.leaf.name in steps.silent or (bool(members) and steps.silent.issuperset(members))
    silence = ""
    if quiet or not steps.silent.isdisjoint(members):
        nothing = f"COALESCE({code}, 0) IN ({'0, 2' if quiet else '2'})"
        silence = f" WHEN {nothing} AND {steps.is_observed(one.period)} THEN FALSE"
    return (
        f"CASE {code} WHEN 5 THEN TRUE WHEN 3 THEN FALSE END"
        if not silence
        else (f"CASE WHEN {code} = 5 THEN TRUE WHEN {code} = 3 THEN FALSE{silence} END")
    )


# ---- stretches without a gap


def _write_lasting(steps: Steps, lasting: Mapping[int, Occurred]) -> None:
    """`lasted`: whether treatments lasted so long in the days asked about, one alone or several that touch."""
    rows = [
        (place, FIRST if one.period.first is None else one.period.first.earliest,
         (one.period.last or one.period.by).latest, one.period.by.latest)
        for place, one in lasting.items()
    ]  # fmt: skip
    steps.small_table("long_enough", "l:int cut_first:date cut_last:date until_day:date", rows)
    cut = "GREATEST({s}, t.cut_first) AS s, LEAST({e}, t.cut_last) AS e"
    source = "FROM event_rows AS r JOIN long_enough AS t ON r.l = t.l WHERE r.is_event AND r.maybe"
    sure = cut.format(s="r.d1", e="COALESCE(r.e0, t.until_day)")
    maybe = cut.format(s="r.d0", e="COALESCE(r.e1, t.until_day)")
    steps.texts["long_spans"] = (
        "SELECT DISTINCT person, l, kind, s, e FROM (\n"
        f"SELECT r.person, r.l, 1 AS kind, {sure} {source} AND r.dated AND (r.e0 IS NOT NULL OR r.ongoing)\n"
        f"UNION ALL SELECT r.person, r.l, 2 AS kind, {maybe} {source}\n) AS cut WHERE s <= e"
    )
    enough = cased("l", [(place, _reaches(steps, one.leaf.lasting)) for place, one in lasting.items()])
    steps.texts["long_alone"] = (
        "SELECT person, l, kind, BOOL_OR(enough) AS enough, COUNT(*) AS spans, MIN(s) AS s, MAX(e) AS e\n"
        f"FROM (SELECT *, {enough} AS enough FROM long_spans) AS each GROUP BY person, l, kind"
    )
    steps.texts["long_jointly"] = (
        "SELECT r.* FROM long_spans AS r JOIN (\n"
        f"SELECT person, l, kind FROM long_alone WHERE NOT enough AND spans > 1 AND {enough}\n"
        ") AS a ON r.person = a.person AND r.l = a.l AND r.kind = a.kind"
    )
    steps.texts["lasted"] = (
        "SELECT person, l, BOOL_OR(kind = 1 AND enough) AS is_long, BOOL_OR(kind = 2 AND enough) AS may_be_long\n"
        "FROM (SELECT person, l, kind, enough FROM long_alone UNION ALL\n"
        f"SELECT person, l, kind, {enough} AS enough FROM ({unbroken(steps, 'long_jointly')}) AS laid) AS s GROUP BY person, l"
    )


def _reaches(steps: Steps, lasting: Duration | None) -> str:
    assert lasting is not None
    number, unit = lasting.number, lasting.unit
    if unit in ("week", "year"):
        number, unit = (number * 7, "day") if unit == "week" else (number * 12, "month")
    return f"s = {steps.literal(FIRST)} OR {steps.spelling.later.format(x='s', n=number, unit=unit)} <= e"


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
