"""`escalon grade … --table`: assessments over time, laboratory results, neutrophil counts."""

import math
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import typer

from escalon.cli.grade_writing import answer
from escalon.cli.input_table import RowAside, Rows, read_rows
from escalon.cli.output import MANY, csv_text, fail, fail_listing, note, print_json, print_table, progress, write

if TYPE_CHECKING:
    from escalon.facts import Finding
    from escalon.safety.episodes import Assessment, Episode, Graded

Course = TypeVar("Course")
SHOWN = 40
"""Rows on the screen; --json and -o have all."""
FARTHEST = 9999
"""Days after infusion beyond which no count was taken."""
LONGEST_GAP = 8760
"""Hours: a year without signs joins no episode."""
ABOUT = frozenset({"participant", "time", "date", "day", "source", "visit"})


def grade_courses(name: str, file: Path, output: Path | None, gap_hours: float, as_json: bool) -> None:
    """CRS or ICANS over time: each participant's assessments, days and episodes."""
    from escalon.safety.episodes import by_day, episodes, grade_crs, grade_icans

    aside: list[RowAside] = []
    courses, problems = _courses(read_rows(file, ["participant"], aside=aside)[1])
    problems += map(str, aside)
    courses = _without(courses, aside)
    if not math.isfinite(gap_hours) or not 0 <= gap_hours <= LONGEST_GAP:
        fail(f"--gap-hours {gap_hours:g} is not possible. Write hours from 0 to {LONGEST_GAP}")
    gap = timedelta(hours=gap_hours)
    graded: dict[str, tuple[Graded, ...]] = {}
    for participant, some in courses.items():
        try:
            graded[participant] = grade_crs(some, gap=gap) if name == "crs" else grade_icans(some)
        except ValueError as error:
            problems.append(f"{file.name}, participant {participant}: {error}")
    found = {participant: episodes(name, some, gap=gap) for participant, some in graded.items()}
    days = [(who, str(day), finding) for who, some in graded.items() for day, finding in by_day(name, some).items()]
    if output:
        _write(output, ("participant", "time", "grade", "low", "high", "missing"), _assessment_rows(graded))
    if as_json:
        print_json(_courses_json(graded, days, found))
    else:
        graded_days = [(who, day, answer(finding)) for who, day, finding in days]
        print_table(("participant", "day", "grade"), graded_days, f"{name.upper()} by day", most=SHOWN)
        columns = ("participant", "start", "end", "hours", "highest")
        print_table(columns, _episode_rows(found), f"{name.upper()} episodes", most=SHOWN)
    if any(one.finding.status.value == "invalid" for some in graded.values() for one in some):
        _say_invalid(graded)
        if not problems:
            raise typer.Exit(2)
    if problems:
        fail_listing(problems, f"{len(problems)} rows cannot be read; whoever they are of is not graded")


def _of_whom(aside: Sequence[RowAside]) -> set[str]:
    return {row.cells.get("participant", "").strip() for row in aside} - {""}


def _without(courses: Mapping[str, Course], aside: Sequence[RowAside]) -> dict[str, Course]:
    """The courses of all but those of whom a row cannot be read."""
    return {who: course for who, course in courses.items() if who not in _of_whom(aside)}


def _by_person(rows: Rows) -> tuple[dict[str, list[tuple[str, Mapping[str, str]]]], list[str]]:
    """Each participant's rows, with their places; and the rows that do not say whose they are."""
    mine: dict[str, list[tuple[str, Mapping[str, str]]]] = {}
    for place, row in rows:
        mine.setdefault(row.get("participant", "").strip(), []).append((place, row))
    return mine, [f"{place}, participant: is empty. Write whose row it is" for place, _ in mine.pop("", ())]


def _courses(rows: Rows) -> "tuple[dict[str, list[Assessment]], list[str]]":
    """Each participant's assessments; and the rows whose time or whose person cannot be read, which hold that person's course."""
    from escalon.safety.episodes import Assessment

    mine, problems = _by_person(rows)
    courses = {}
    for who, some in mine.items():
        times, wrong = _times([(place, (row.get("time") or row.get("date") or "").strip()) for place, row in some])
        problems += wrong
        if not wrong:
            items = [
                {key: value for key, value in row.items() if key not in ABOUT and value.strip()} for _, row in some
            ]
            courses[who] = [Assessment(*one) for one in zip(times, items, strict=True)]
    return courses, problems


def _times(written: Sequence[tuple[str, str]]) -> tuple[list[datetime], list[str]]:
    """One person's times, by the clock of the first where each carries its zone; and what is wrong, with its place."""
    from escalon.facts.written_day import read_written_day

    read, wrong = [], []
    for place, text in written:
        try:
            read.append((place, read_written_day(text)))
        except ValueError as error:
            wrong.append(f"{place}, time: {error}")
    wrong += [
        f"{place}, time: no full day. Write 2025-03-14T08:00, or 2025-03-14" for place, one in read if not one.day
    ]
    clocks = [(place, one.offset) for place, one in read if one.clock is not None]
    without = [place for place, offset in clocks if offset is None]
    if without and len(without) < len(clocks):
        wrong.append(f"{without[0]}, time: other clocks of this person carry a zone. Write it here too, such as +08:00")
    if wrong:
        return [], wrong
    zone = next((offset for _, offset in clocks if offset is not None), timedelta())
    return [one.moment + (zone - (one.offset if one.offset is not None else zone)) for _, one in read], []


def _assessment_rows(graded: "Mapping[str, Sequence[Graded]]") -> list[tuple[Any, ...]]:
    return [
        (who, one.when.isoformat(), one.finding.value, one.low, one.high, ";".join(one.finding.missing))
        for who, some in graded.items()
        for one in some
    ]


def _episode_rows(found: "Mapping[str, Sequence[Episode]]") -> list[tuple[Any, ...]]:
    return [
        (who, one.start, one.end or "ongoing at the last assessment", f"{one.hours:g}", answer(one.maximum))
        for who, some in found.items()
        for one in some
    ]


def _courses_json(
    graded: "Mapping[str, Sequence[Graded]]",
    days: "Sequence[tuple[str, str, Finding]]",
    found: "Mapping[str, Sequence[Episode]]",
) -> dict[str, Any]:
    return {
        "assessments": [
            {"participant": who, "time": one.when.isoformat(), **one.finding.as_json()}
            for who, some in graded.items()
            for one in some
        ],
        "days": [{"participant": who, "date": day, **_brief(finding)} for who, day, finding in days],
        "episodes": [
            {
                "participant": who,
                "start": one.start.isoformat(),
                "end": None if one.end is None else one.end.isoformat(),
                "last_sign": one.last_sign.isoformat(),
                "hours": one.hours,
                **_brief(one.maximum),
            }
            for who, some in found.items()
            for one in some
        ],
    }


def _brief(finding: "Finding") -> dict[str, Any]:
    bounds = None if finding.bounds is None else list(finding.bounds)
    return {"maximum": finding.value, "bounds": bounds, "missing": list(finding.missing)}


def _say_invalid(graded: "Mapping[str, Sequence[Graded]]") -> None:
    for who, some in graded.items():
        for one in some:
            if one.finding.status.value == "invalid":
                note(f"{who} {one.when.isoformat()}: {'; '.join(one.finding.reasons)}")


def grade_laboratory_table(file: Path, output: Path | None, as_json: bool) -> None:
    """Laboratory results: the grades of every row, in both directions. Exit code 2 if a row could not be read."""
    from escalon.instruments.safety.ctcae.table import COLUMNS, grade_rows

    aside: list[RowAside] = []
    rows = read_rows(file, ["test", "value"], aside=aside)[1]
    unread = [name for name in (rows[0][1] if rows else ()) if name not in ABOUT and name not in COLUMNS]
    if unread:
        note(f"{file.name}: not read: {', '.join(unread)}. Columns that are: {', '.join(COLUMNS)}")
    with progress("grading", len(rows), shown=len(rows) >= MANY) as told:
        found = grade_rows([row for _, row in rows], told)
    columns = (*"row participant test value unit term grade grade_value grade_worst problem says".split(),)
    shown = [
        (
            rows[one.row][0], rows[one.row][1].get("participant"), rows[one.row][1].get("test"), rows[one.row][1].get("value"),
            rows[one.row][1].get("unit"), one.term, one.grade, one.grade_value, one.grade_worst, one.problem, one.says,
        )
        for one in found
    ]  # fmt: skip
    if output:
        _write(output, columns, shown)
    if as_json:
        print_json([dict(zip(columns, row, strict=True)) for row in shown])
    elif not output:
        print_table(columns[1:], [row[1:] for row in shown], "CTCAE v5.0", most=SHOWN)
    wrong = list(dict.fromkeys(f"{rows[one.row][0]}: {one.problem}" for one in found if one.problem))
    wrong += map(str, aside)
    if wrong:
        bad = len({one.row for one in found if one.problem}) + len(aside)
        fail_listing(wrong, f"{bad} of {len(rows) + len(aside)} rows could not be graded")


def icaht_of(given: Sequence[tuple[str, Any]], scale: str, closed: bool = False) -> "tuple[Finding, Finding]":
    """The early and late grade of days and counts; `confirm=counts` answers a question about their unit. Raises ValueError."""
    from escalon.instruments.safety.icaht import icaht, read_counts

    counts: dict[int, Any] = {}
    is_confirmed = False
    for text, count in given:
        if text.lower().startswith("confirm"):
            is_confirmed = True
        elif (day := _day_after(text)) in counts:
            raise ValueError(f"day {day} has two counts. Keep the lower one")
        else:
            counts[day] = count
    if not counts:
        raise ValueError("give counts as DAY=COUNT, such as 3=400 5=90, or --table counts.csv")
    known = read_counts(counts, confirmed=is_confirmed)
    return icaht(known, scale="linear" if scale == "linear" else "log10", closed=closed)


def _day_after(text: str) -> int:
    """A day after infusion: `3`, `D3`, `day 3`, `D+3`, `-2`."""
    from escalon.facts.reading import read_elapsed

    try:
        day = read_elapsed(text)
        if day == int(day) and -FARTHEST <= day <= FARTHEST:
            return int(day)
    except ValueError:
        pass
    raise ValueError(f"{text!r} is not a day after infusion. Write neutrophils by day, such as 3=400 or 3='0.4 10^9/L'")


def grade_counts(file: Path, output: Path | None, scale: str, closed: bool, as_json: bool) -> None:
    """ICAHT of every participant of a table with columns participant, day, anc, and unit where counts are not per µL."""
    from escalon.instruments.safety.icaht import icaht

    aside: list[RowAside] = []
    mine, problems = _by_person(read_rows(file, ["participant", "day", "anc"], aside=aside)[1])
    problems += map(str, aside)
    found: dict[str, tuple[Finding, Finding]] = {}
    for who, some in _without(mine, aside).items():
        cells = [tuple((row.get(name) or "").strip() for name in ("day", "anc", "unit")) for _, row in some]
        counts = [(day, (count, unit) if unit else count) for day, count, unit in cells if count]
        try:
            found[who] = icaht_of(counts, scale, closed) if counts else icaht({})
        except ValueError as error:
            problems.append(f"{file.name}, participant {who}: {error}")
    columns = ("participant", "early", "late", "days_500", "days_100", "flags")
    rows = [
        (
            who, _grade_or_range(early), _grade_or_range(late), early.components.get("days_500"),
            early.components.get("days_100"), ";".join((*early.flags, *late.flags)),
        )
        for who, (early, late) in found.items()
    ]  # fmt: skip
    if output:
        _write(output, columns, rows)
    if as_json:
        print_json([{"participant": who, "early": a.as_json(), "late": b.as_json()} for who, (a, b) in found.items()])
    elif not output:
        print_table(columns, rows, "ICAHT", most=SHOWN)
    if problems:
        everybody = mine.keys() | _of_whom(aside)
        fail_listing(problems, f"{len(everybody) - len(found)} of {len(everybody)} participants are not graded")


def _grade_or_range(finding: "Finding") -> Any:
    return finding.value if finding.bounds is None else "–".join(map(str, finding.bounds))


def _write(file: Path, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    write(file, csv_text(columns, rows))
    note(f"{file}: {len(rows)} rows written")
