"""Numbers, labels and statements over a population: the values that `examine` would leave possible, as SQL."""

from collections.abc import Sequence

from escalon.expressions.events import How, Part, Tie
from escalon.expressions.program import program
from escalon.expressions.sql import sql
from escalon.expressions.widened import names_of_ends, widened
from escalon.feasibility.leaves import Case, Choice, Leaves, Number, Stating
from escalon.feasibility.steps import MAYBE, SURE, Steps, agreed, bounds

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
    _write_spans(steps, [*(one for one, _ in numbers), *by_ends])
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
    numbers = ", ".join(str(steps.number(name)) for name in dict.fromkeys(one.name for one in choices))
    answered = "a.known AND a.person = f.person AND a.n = f.n AND a.d0 = f.d0 AND a.d1 = f.d1"
    steps.texts["stated"] = (
        f"SELECT * FROM facts WHERE known AND n IN ({numbers})\nUNION ALL SELECT * FROM facts AS f\n"
        f"WHERE NOT known AND dated AND n IN ({numbers}) AND NOT (d0 = d1 AND EXISTS (SELECT 1 FROM facts AS a WHERE {answered}))"
    )
    rows = [
        (c, steps.number(one.name), *bounds(one.period), None if one.tie is None else one.tie is Tie.HIGHEST)
        for one, c in choices.items()
    ]
    columns = "c:int n:int first_day:date last_day:date bounded:truth placed:truth highest:truth"
    steps.small_table("choices", columns, rows)
    found = []
    for how, kind in _KINDS.items():
        places = ", ".join(str(c) for one, c in choices.items() if one.how is how)
        if places:
            found.append(f"SELECT {_VALUES} FROM (\n{kind(_windowed(places), steps)}\n) AS {how.name.lower()}")
    steps.texts["chosen"] = "\nUNION ALL\n".join(found)


def _windowed(places: str) -> str:
    return (
        f"(SELECT f.*, w.c, w.highest, {SURE} AS sure, {MAYBE} AS maybe\n"
        f"FROM stated AS f JOIN choices AS w ON f.n = w.n WHERE w.c IN ({places})) AS windowed"
    )


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


def _write_spans(steps: Steps, numbers: Sequence[Number]) -> None:
    """Between what each number lies: where less and more are asked, the ends decide as all the values do."""
    spans = []
    for part in dict.fromkeys(one.part for one in numbers):
        lo, lo_open, hi, hi_open = _ENDS[part]
        known = f"BOOL_OR(sure) AND COUNT(*) = COUNT({lo})"
        spans += [
            f"CASE WHEN {known} THEN MIN({lo}) END AS {part}_low",
            f"MIN(CASE WHEN NOT {lo_open} THEN {lo} END) AS {part}_low_shut",
            f"CASE WHEN {known} THEN MAX({hi}) END AS {part}_high",
            f"MAX(CASE WHEN NOT {hi_open} THEN {hi} END) AS {part}_high_shut",
        ]
    if spans:
        steps.texts["spans"] = f"SELECT person, c, {', '.join(spans)}\nFROM chosen GROUP BY person, c"


def _ends_of(steps: Steps, one: Number) -> tuple[str, str, str, str]:
    """The ends of a number as they stand in a row of `spans`: each, and whether it is open."""
    low, high = f"{one.part}_low", f"{one.part}_high"
    opens = [f"({end}_shut IS NULL OR {end}_shut <> {end})" for end in (low, high)]
    return f"NULLIF({low}, {steps.infinite('-')})", opens[0], f"NULLIF({high}, {steps.infinite()})", opens[1]


def _write_numbers(steps: Steps, asked: Sequence[tuple[Number, str]], choices: dict[Choice, int]) -> None:
    """The ends of each number that is weighed with others, beside each other."""
    columns = []
    for one, name in asked:
        for end, column, of in zip(_ends_of(steps, one), names_of_ends(name), ("MAX", "BOOL_OR") * 2, strict=True):
            columns.append(f"{of}(CASE WHEN c = {choices[one.choice]} THEN {end} END) AS {column}")
            steps.columns[column] = f"numbers.{column}"
    if columns:
        steps.pivot("numbers", "spans", columns)


def _write_truths(
    steps: Steps, leaves: Leaves, cases: Sequence[tuple[Case, str]], choices: dict[Choice, int]
) -> None:  # fmt: skip
    """Each statement and each comparison of one choice, decided where its values stand; only the truths are brought together."""
    said = [(one, name) for one, name in leaves.of(Stating).items() if isinstance(one, Stating)]
    found = [_worded(steps, [one for one, _ in said], choices)] if said else []
    for place, (case, _) in enumerate(cases, len(said)):
        text = _tried(steps, case, choices) if case.each_value else _compared(steps, case, choices)
        found.append(f"SELECT person, {place} AS l, truth FROM (\n{text}\n) AS case_{place}")
    if not found:
        return
    steps.texts["judged"] = "\nUNION ALL\n".join(found)
    code = "SELECT person, l, CASE WHEN truth THEN 3 WHEN NOT truth THEN 2 ELSE 1 END AS code FROM judged"
    codes = steps.pack("judgements", f"({code}) AS coded", len(found) - bool(said) + len(said))
    for (one, name), at in zip([*said, *cases], codes, strict=True):
        steps.columns[name] = f"CASE {at} WHEN 3 THEN TRUE WHEN 2 THEN FALSE END"
        if isinstance(one, Stating) and one.choice.name in steps.silent:
            quiet = f"COALESCE({at}, 0) = 0 AND {steps.is_observed(one.choice.period)}"
            steps.columns[name] = f"CASE WHEN {quiet} THEN FALSE ELSE {steps.columns[name]} END"


def _worded(steps: Steps, said: Sequence[Stating], choices: dict[Choice, int]) -> str:
    """What all the statements that may be the last agree on."""
    steps.small_table(
        "words", "l:int c:int wanted:text", [(place, choices[one.choice], one.word) for place, one in enumerate(said)]
    )
    says = "CASE WHEN w.wanted IS NULL THEN v.said ELSE v.word = w.wanted END"
    return (
        f"SELECT person, l, {agreed('says', 'BOOL_OR(sure) AND ')} AS truth\n"
        f"FROM (SELECT v.person, w.l, v.sure, {says} AS says FROM chosen AS v JOIN words AS w ON v.c = w.c) AS saying\n"
        "GROUP BY person, l"
    )


def _compared(steps: Steps, case: Case, choices: dict[Choice, int]) -> str:
    """A comparison decided by the ends."""
    wide = widened(program({"truth": case.tree}), [own for _, own in case.numbers])
    ends = [
        f"{end} AS {column}"
        for one, own in case.numbers
        for end, column in zip(_ends_of(steps, one), names_of_ends(own), strict=True)
    ]
    c = choices[case.numbers[0][0].choice]
    table = f"(SELECT person, {', '.join(ends)} FROM spans WHERE c = {c}) AS spanned"
    return sql(wide, True, steps.dialect_name, table, keep=["person"])


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
