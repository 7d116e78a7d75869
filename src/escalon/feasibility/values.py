"""Numbers, labels and statements over a population: the values that `examine` would leave possible, as SQL."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from escalon.expressions.events import How, Part, Tie
from escalon.expressions.program import program
from escalon.expressions.sql import sql
from escalon.expressions.widened import names_of_ends, widened
from escalon.feasibility.leaves import Case, Choice, Leaves, Number, Stating
from escalon.feasibility.steps import MAYBE, PLACES, SURE, Steps, agreed, bounds, masks, words

_ENDS = {
    Part.VALUE: ("lo", "lo_open", "hi", "hi_open"),
    Part.UPPER: ("upper", "FALSE", "upper", "FALSE"),
    Part.LOWER: ("lower", "FALSE", "lower", "FALSE"),
}
_VALUES = "person, c, sure, lo, lo_open, hi, hi_open, upper, lower, said, word"


def write_values(steps: Steps, leaves: Leaves) -> None:
    """Write the steps that answer every number, word and statement among the leaves."""
    choices = _choices(leaves)
    if not choices:
        return
    _write_chosen(steps, choices)
    cases = [(one, name) for one, name in leaves.of(Case).items() if isinstance(one, Case)]
    numbers = [(one, name) for one, name in leaves.of(Number).items() if isinstance(one, Number)]
    by_ends = [one for case, _ in cases if not case.each_value for one, _ in case.numbers]
    _write_spans(steps, dict.fromkeys([*(one for one, _ in numbers), *by_ends]), choices)
    _write_numbers(steps, numbers, choices)
    _write_truths(steps, leaves, cases, choices)


def _choices(leaves: Leaves) -> dict[Choice, int]:
    found: dict[Choice, None] = {}
    for question in leaves.asked:
        if isinstance(question, Number | Stating):
            found.setdefault(question.choice)
        elif isinstance(question, Case):
            found |= dict.fromkeys(number.choice for number, _ in question.numbers)
    return {choice: place for place, choice in enumerate(found)}


# ---- which values may be the one meant


def _write_chosen(steps: Steps, choices: dict[Choice, int]) -> None:
    """`stated` leaves out what was asked, not known and answered on the same day; `chosen` picks for each choice."""
    answered = "a.known AND a.person = f.person AND a.n = f.n AND a.d0 = f.d0 AND a.d1 = f.d1"
    steps.texts["stated"] = (
        "SELECT * FROM readings WHERE known\nUNION ALL SELECT * FROM readings AS f\n"
        f"WHERE NOT known AND dated AND NOT (d0 = d1 AND EXISTS (SELECT 1 FROM readings AS a WHERE {answered}))"
    )
    rows = [
        (c, steps.number(one.name), *bounds(one.period), None if one.tie is None else one.tie is Tie.HIGHEST)
        for one, c in choices.items()
    ]
    columns = "c:int n:int first_day:date last_day:date bounded:truth placed:truth highest:truth"
    steps.small_table("choices", columns, rows)
    kinds: dict[str, tuple[Callable[[str, Steps], str], list[str]]] = {}
    for one, c in choices.items():
        only = one.name in steps.single and one.how is not How.COUNT
        name, kind = ("only", _only) if only else (one.how.name.lower(), _KINDS[one.how])
        kinds.setdefault(name, (kind, []))[1].append(str(c))
    steps.texts["chosen"] = "\nUNION ALL\n".join(
        f"SELECT {_VALUES} FROM (\n"
        f"{kind(_windowed(', '.join(places), 'readings' if kind is _only else 'stated'), steps)}\n) AS {name}_ones"
        for name, (kind, places) in kinds.items()
    )


def _windowed(places: str, source: str = "stated") -> str:
    return (
        f"(SELECT f.*, w.c, w.highest, {SURE} AS sure, {MAYBE} AS maybe\n"
        f"FROM {source} AS f JOIN choices AS w ON f.n = w.n WHERE w.c IN ({places})) AS windowed"
    )


def _only(windowed: str, _: Steps) -> str:
    return f"SELECT * FROM {windowed} WHERE maybe"


def _latest(windowed: str, _: Steps) -> str:
    """What no other value is surely later than."""
    edge = "MAX(CASE WHEN sure THEN d0 END) OVER (PARTITION BY person, c)"
    return _one_of_a_day(
        f"SELECT * FROM (SELECT *, {edge} AS edge FROM {windowed} WHERE maybe) AS edged WHERE edge IS NULL OR d1 >= edge"
    )


def _earliest(windowed: str, _: Steps) -> str:
    edge = "MIN(CASE WHEN sure THEN d1 END) OVER (PARTITION BY person, c)"
    return _one_of_a_day(
        f"SELECT * FROM (SELECT *, {edge} AS edge FROM {windowed} WHERE maybe) AS edged WHERE edge IS NULL OR d0 <= edge"
    )


def _one_of_a_day(possible: str) -> str:
    """Where the criterion says so, the highest or the lowest of the values of one full day."""
    day = "OVER (PARTITION BY person, c, d0, d1)"
    return (
        f"SELECT * FROM (SELECT *, MAX(lo) {day} AS top, MIN(hi) {day} AS bottom FROM ({possible}) AS possible) AS days\n"
        "WHERE highest IS NULL OR d0 <> d1 OR lo IS NULL\n"
        "OR (highest AND (hi > top OR (hi = top AND NOT hi_open)))\n"
        "OR (NOT highest AND (lo < bottom OR (lo = bottom AND NOT lo_open)))"
    )


def _highest(windowed: str, _: Steps) -> str:
    """What may be as high as every sure value, and of it only what is; one without a number could always be it."""
    return (
        "SELECT person, c, sure, CASE WHEN lo IS NOT NULL THEN GREATEST(lo, edge) END AS lo, "
        "lo_open AND lo >= edge AS lo_open, hi, hi_open, upper, lower, said, word\n"
        "FROM (SELECT *, MAX(CASE WHEN sure THEN lo END) OVER (PARTITION BY person, c) AS edge\n"
        f"FROM {windowed} WHERE maybe) AS edged\n"
        "WHERE edge IS NULL OR lo IS NULL OR hi > edge OR (hi = edge AND NOT hi_open)"
    )


def _lowest(windowed: str, _: Steps) -> str:
    return (
        "SELECT person, c, sure, lo, lo_open, CASE WHEN hi IS NOT NULL THEN LEAST(hi, edge) END AS hi, "
        "hi_open AND hi <= edge AS hi_open, upper, lower, said, word\n"
        "FROM (SELECT *, MIN(CASE WHEN sure THEN hi END) OVER (PARTITION BY person, c) AS edge\n"
        f"FROM {windowed} WHERE maybe) AS edged\n"
        "WHERE edge IS NULL OR lo IS NULL OR lo < edge OR (lo = edge AND NOT lo_open)"
    )


def _counted(windowed: str, steps: Steps) -> str:
    """Every number of values there may be, from those sure to lie in the days to all that may."""
    count = f"CAST(sures AS {steps.spelling.double})"
    more = f"CAST(sures + more AS {steps.spelling.double})"
    rest = f"CAST(NULL AS {steps.spelling.double}) AS upper, CAST(NULL AS {steps.spelling.double}) AS lower, "
    rest += f"CAST(NULL AS BOOLEAN) AS said, CAST(NULL AS {steps.spelling.text}) AS word"
    sures = (
        f"SELECT person, c, COUNT(CASE WHEN sure THEN 1 END) AS sures FROM {windowed} WHERE known GROUP BY person, c"
    )
    perhaps = (
        "SELECT person, c, ROW_NUMBER() OVER (PARTITION BY person, c ORDER BY d0) AS more "
        f"FROM {windowed} WHERE known AND maybe AND NOT sure"
    )
    return (
        f"SELECT person, c, TRUE AS sure, {count} AS lo, FALSE AS lo_open, {count} AS hi, FALSE AS hi_open, {rest}\n"
        f"FROM ({sures}) AS counted UNION ALL\n"
        f"SELECT p.person, p.c, TRUE, {more}, FALSE, {more}, FALSE, {rest}\n"
        f"FROM ({sures}) AS counted JOIN ({perhaps}) AS p ON counted.person = p.person AND counted.c = p.c"
    )


_KINDS = {
    How.LATEST: _latest, How.EARLIEST: _earliest, How.HIGHEST: _highest, How.LOWEST: _lowest, How.COUNT: _counted,
}  # fmt: skip


# ---- what they say


def _write_spans(steps: Steps, numbers: Iterable[Number], choices: dict[Choice, int]) -> None:
    """Between what each number lies: where less and more are asked, the ends decide as all the values do."""
    parts = dict.fromkeys(one.part for one in numbers)
    found = []
    for single in (True, False):
        among = {str(choices[one.choice]) for one in numbers if (one.choice.name in steps.single) is single}
        if among:
            cells = ", ".join(cell for part in parts for cell in (_alone if single else _together)(part))
            group = "" if single else " GROUP BY person, c"
            found.append(
                f"SELECT person, c, {cells}\nFROM chosen WHERE c IN ({', '.join(sorted(among, key=int))}){group}"
            )
    if found:
        steps.texts["spans"] = "\nUNION ALL\n".join(found)


def _alone(part: Part) -> Iterator[str]:
    """The ends of the one value there is."""
    lo, lo_open, hi, hi_open = _ENDS[part]
    yield f"CASE WHEN sure THEN {lo} END AS {part}_low, CASE WHEN NOT {lo_open} THEN {lo} END AS {part}_low_shut"
    yield f"CASE WHEN sure THEN {hi} END AS {part}_high, CASE WHEN NOT {hi_open} THEN {hi} END AS {part}_high_shut"


def _together(part: Part) -> Iterator[str]:
    """The outermost ends of all values; none where one is not known."""
    lo, lo_open, hi, hi_open = _ENDS[part]
    known = f"BOOL_OR(sure) AND COUNT(*) = COUNT({lo})"
    yield f"CASE WHEN {known} THEN MIN({lo}) END AS {part}_low, MIN(CASE WHEN NOT {lo_open} THEN {lo} END) AS {part}_low_shut"
    yield f"CASE WHEN {known} THEN MAX({hi}) END AS {part}_high, MAX(CASE WHEN NOT {hi_open} THEN {hi} END) AS {part}_high_shut"


def _ends_of(steps: Steps, one: Number) -> tuple[str, str, str, str]:
    """The ends of a number as they stand in a row of `spans`: each, and whether it is open."""
    low, high = f"{one.part}_low", f"{one.part}_high"
    opens = [f"({end}_shut IS NULL OR {end}_shut <> {end})" for end in (low, high)]
    return f"NULLIF({low}, {steps.infinite('-')})", opens[0], f"NULLIF({high}, {steps.infinite()})", opens[1]


def _write_numbers(steps: Steps, asked: Sequence[tuple[Number, str]], choices: dict[Choice, int]) -> None:
    """The ends of each number that is weighed with others, beside each other."""
    columns: dict[str, str] = {}
    for one, name in asked:
        for end, column, of in zip(
            _ends_of(steps, one), names_of_ends(name), ("MIN", "BOOL_OR", "MAX", "BOOL_OR"), strict=True
        ):
            columns[column] = f"{of}(CASE WHEN c = {choices[one.choice]} THEN {end} END)"
            steps.columns[column] = column
    if columns:
        steps.pivot("numbers", "spans", columns)


def _write_truths(
    steps: Steps, leaves: Leaves, cases: Sequence[tuple[Case, str]], choices: dict[Choice, int]
) -> None:  # fmt: skip
    """Each statement and each comparison of one choice, decided where its values stand; only the truths are brought together.

    A place is hit by what makes it true and missed by what makes it false, and somebody must be sure to have either.
    """
    said = [(one, name) for one, name in leaves.of(Stating).items() if isinstance(one, Stating)]
    of = words(len(said) + len(cases))
    places = {case: place for place, (case, _) in enumerate(cases, len(said))}
    found = [_worded(steps, [one for one, _ in said], choices, of)] if said else []
    for is_single in (True, False):  # what everybody has one of is not asked what only some have
        by_ends = {
            case: place for case, place in places.items()
            if not case.each_value and (case.numbers[0][0].choice.name in steps.single) is is_single
        }  # fmt: skip
        found += [_compared(steps, by_ends, choices, of)] if by_ends else []
    found += [
        _marked(_tried(steps, case, choices), {"truth": place}, of) for case, place in places.items() if case.each_value
    ]
    if not found:
        return
    columns: dict[str, str] = {}
    for word in of:
        hit, miss, sure = (f"BIT_OR({kind}{word})" for kind in ("hit", "miss", "sure"))
        columns |= {f"found_yes{word}": f"{hit} & {sure} & ~{miss}", f"found_no{word}": f"{miss} & {sure} & ~{hit}",
                    f"said_of{word}": f"{hit} | {miss}"}  # fmt: skip
    steps.pivot("judged", "(" + "\nUNION ALL\n".join(found) + ") AS each_judged", columns)
    for place, (one, name) in enumerate([*said, *cases]):
        cases_of = f"WHEN {steps.has('found_yes', place)} THEN TRUE WHEN {steps.has('found_no', place)} THEN FALSE"
        if isinstance(one, Stating) and one.choice.name in steps.silent:
            nothing = f"NOT COALESCE({steps.has('said_of', place)}, FALSE)"
            cases_of += f" WHEN {nothing} AND {steps.is_observed(one.choice.period)} THEN FALSE"
        steps.columns[name] = f"CASE {cases_of} END"


def _worded(steps: Steps, said: Sequence[Stating], choices: dict[Choice, int], of: range) -> str:
    """What each statement that may be the last makes true and false; one that is not known could make either."""
    asked: dict[int, list[set[int]]] = {}
    hits: dict[tuple[int, str], set[int]] = {}
    for place, one in enumerate(said):
        asked.setdefault(choices[one.choice], [set(), set()])[one.word is not None].add(place)
        if one.word is not None:
            hits.setdefault((choices[one.choice], one.word), set()).add(place)
    columns = " ".join(f"{kind}{word}:bigint" for kind in ("stating", "wording") for word in of)
    rows = [(c, *masks(stating, of), *masks(wording, of)) for c, (stating, wording) in asked.items()]
    steps.small_table("statements", f"c:int {columns}", rows)
    steps.small_table(
        "words", f"c:int word:text {' '.join(f'hit{word}:bigint' for word in of)}",
        [(*key, *masks(some, of)) for key, some in hits.items()] or [(None, None, *(None for _ in of))],
    )  # fmt: skip
    cells = []
    for word in of:
        hit, all_of = f"COALESCE(h.hit{word}, 0)", f"w.wording{word}"
        yes = f"CASE WHEN v.said IS NULL OR v.said THEN w.stating{word} ELSE 0 END"
        no = f"CASE WHEN v.said IS NULL OR NOT v.said THEN w.stating{word} ELSE 0 END"
        cells += [
            f"{yes} + CASE WHEN v.word IS NULL THEN {all_of} ELSE {hit} END AS hit{word}",
            f"{no} + CASE WHEN v.word IS NULL THEN {all_of} ELSE {all_of} - {hit} END AS miss{word}",
            f"CASE WHEN v.sure THEN w.stating{word} + {all_of} ELSE 0 END AS sure{word}",
        ]
    return (
        f"SELECT v.person, {', '.join(cells)}\nFROM chosen AS v JOIN statements AS w ON v.c = w.c\n"
        "LEFT JOIN words AS h ON v.c = h.c AND v.word = h.word"
    )


def _compared(steps: Steps, cases: dict[Case, int], choices: dict[Choice, int], of: range) -> str:
    """Comparisons decided by the ends, all those of one choice in the row of that choice."""
    own = {part: one for case in cases for one, _ in case.numbers for part in (str(one.part),)}
    wide = widened(program({f"truth{place}": case.tree for case, place in cases.items()}), list(own))
    ends = [
        f"{end} AS {column}"
        for part, one in own.items()
        for end, column in zip(_ends_of(steps, one), names_of_ends(part), strict=True)
    ]
    c = {case: choices[case.numbers[0][0].choice] for case in cases}
    among = ", ".join(map(str, dict.fromkeys(c.values())))
    table = f"(SELECT person, c, {', '.join(ends)} FROM spans WHERE c IN ({among})) AS spanned"
    truths = {f"CASE WHEN c = {c[case]} THEN truth{place} END": place for case, place in cases.items()}
    return _marked(sql(wide, True, steps.dialect_name, table, keep=["person", "c"]), truths, of)


def _marked(select: str, truths: Mapping[str, int], of: range) -> str:
    """The places that the truths of a row make true and false."""
    cells = []
    for word in of:
        bits = {truth: 1 << place % PLACES for truth, place in truths.items() if place // PLACES == word}
        hit = " + ".join(f"CASE WHEN {truth} THEN {bit} ELSE 0 END" for truth, bit in bits.items()) or "0"
        miss = " + ".join(f"CASE WHEN NOT {truth} THEN {bit} ELSE 0 END" for truth, bit in bits.items()) or "0"
        cells += [f"{hit} AS hit{word}", f"{miss} AS miss{word}", f"{sum(bits.values())} AS sure{word}"]
    return f"SELECT person, {', '.join(cells)} FROM (\n{select}\n) AS found"


def _tried(steps: Steps, case: Case, choices: dict[Choice, int]) -> str:
    """A comparison tried with every value of each of its numbers."""
    wide = widened(program({"truth": case.tree}), [own for _, own in case.numbers])
    sides = [f"({_each_value(steps, one, own, choices[one.choice])}) AS {own}" for one, own in case.numbers]
    first = case.numbers[0][1]
    table = sides[0] + "".join(
        f" JOIN {side} ON {first}.person = {own}.person"
        for side, (_, own) in zip(sides[1:], case.numbers[1:], strict=True)
    )
    ends = [end for _, own in case.numbers for end in names_of_ends(own)]
    whole = f"(SELECT {first}.person, {', '.join(ends)} FROM {table}) AS together"
    text = sql(wide, True, steps.dialect_name, whole, keep=["person"])
    return f"SELECT person, {agreed('truth')} AS truth FROM (\n{text}\n) AS tried GROUP BY person"


def _each_value(steps: Steps, one: Number, own: str, c: int) -> str:
    lo, lo_open, hi, hi_open = _ENDS[one.part]
    low, low_is_open, high, high_is_open = names_of_ends(own)
    certain = "BOOL_OR(sure) OVER (PARTITION BY person)"
    return (
        f"SELECT person, CASE WHEN {certain} THEN NULLIF({lo}, {steps.infinite('-')}) END AS {low}, "
        f"{lo_open} AS {low_is_open}, CASE WHEN {certain} THEN NULLIF({hi}, {steps.infinite()}) END AS {high}, "
        f"{hi_open} AS {high_is_open} FROM chosen WHERE c = {c}"
    )
