"""`escalon design`: what dose-escalation designs do under assumed truths, exactly."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer import Argument, Option

from escalon.cli.design_tables import MANY, print_characteristics, print_comparison, print_spread
from escalon.cli.output import AsJson, csv_text, print_aligned, print_json, progress, say, write

if TYPE_CHECKING:
    from escalon.escalation.scenario import Scenario

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode="markdown",
    help="Dose-escalation designs: exact operating characteristics, compared.\n\n"
    "A design is one line: `3+3 V2` · `a+b variant=V2 a=3 b=3 c=1 d=1 e=1` · `boin target=0.25 size=18` · "
    "`keyboard target=0.25 size=18` · `mtpi2 …` · `i3+3 …` · `table file=decisions.csv target=0.25 size=18` · "
    "`crm target=0.25 skeleton=0.05/0.15/0.30 size=18` · `rolling-six window=28` · "
    "`tite-crm target=0.25 skeleton=0.05/0.15/0.30 window=28 size=18`. "
    "The last two read a clock, so they are simulated; simulated numbers always show their standard error.\n\n"
    "The CRM and the TITE-CRM skip no level, do not go up after a cohort whose DLT rate reached the target (Cheung 2005), and "
    "treat nobody at or above a level that is too toxic, P(risk > target) above .95, stopping if it is the lowest: "
    "`no_skipping=no`, `coherent=no`, `eliminate=no` (or a cut-off, `eliminate=0.9`) set these aside.\n\n"
    "Any design may be told `start=2` (where the first cohort is treated), `lowest=-1` (one of the levels lies below level 1); "
    "rules of counts also `stop_if_staying_at=9`, `stop_at=9`, `stop_if_next_has=9`, `stop_at_dlts=4`, `expand_to=9`, "
    "`backfill_to=6`, `no_skipping=yes`, `coherent=yes`, `stop_if_lowest_toxic=0.95`.",
)


def _rate(value: float) -> float:
    """A share from 0 to 1; what reads like a percentage is asked back."""
    if not 0 <= value < 1:
        meant = f". Did you mean {value / 100:g}?" if 1 <= value < 100 else ""
        raise typer.BadParameter(f"{value:g} is no rate: it lies between 0 and 1{meant}")
    return value


def _days(value: float | None) -> float | None:
    """A number of days; from 0 to ten years."""
    if value is not None and not 0 <= value <= 3660:
        raise typer.BadParameter(f"{value:g} is no number of days. Write one from 0 to 3660")
    return value


LEVELS = Annotated[int, Option("--levels", "-l", min=1, max=20, help="How many dose levels.")]
RISK = Annotated[
    list[str] | None,
    Option("--risk", "-r", help="True DLT risks by level: 0.05,0.15,0.30; may be repeated. name=0.05,… names it."),
]
SCENARIOS = Annotated[Path | None, Option("--scenarios", help="CSV (name,1,2,3) or TOML file of scenarios.")]
RANDOM = Annotated[int, Option(min=0, max=100_000, help="Add this many random rising truths (seeded).")]
GRID = Annotated[str | None, Option(help="Add every rising truth with risks from this list: 0.05,0.15,0.30,0.50.")]
TARGET = Annotated[float, Option("--target", "-t", callback=_rate, help="Target DLT risk by which choices are judged.")]
TRIALS = Annotated[int, Option(min=2, max=10_000_000, help="Trials to simulate where a design cannot be swept.")]
SEED = Annotated[int, Option(min=0, help="Seed of the simulation and of random truths.")]
WINDOW = Annotated[float | None, Option(callback=_days, help="DLT window in days: adds the expected duration.")]
BETWEEN = Annotated[float, Option(callback=_days, help="Days between participants.")]
NOT_EVALUABLE = Annotated[
    float, Option(callback=_rate, help="Share of those without a DLT who are not evaluable and are replaced.")
]
LATE = Annotated[float, Option(callback=_rate, help="Share of DLTs that come after the window, unseen by the rule.")]


@app.command()
def compare(
    designs: Annotated[
        list[str] | None, Option("--design", "-d", help="A design; may be repeated. Default: V1, V2, V3, BOIN.")
    ] = None,
    risk: RISK = None,
    scenarios: SCENARIOS = None,
    random: RANDOM = 0,
    grid: GRID = None,
    levels: LEVELS = 3,
    target: TARGET = 0.25,
    cap: Annotated[int | None, Option(min=1, help="Enrolment limit for replacements; else the design's own.")] = None,
    trials: TRIALS = 10_000,
    seed: SEED = 1,
    window: WINDOW = None,
    days_between: BETWEEN = 14.0,
    not_evaluable: NOT_EVALUABLE = 0.0,
    late: LATE = 0.0,
    figure: Annotated[Path | None, Option("--figure", "-f", help="Write the comparison to this SVG file.")] = None,
    as_json: AsJson = False,
) -> None:
    """Designs against scenarios: who is named MTD, who is treated where, what it costs.

    `escalon design compare`  V1, V2, V3 and BOIN for three levels and 18 participants

    `escalon design compare -d "3+3 V2" -d "crm target=0.25 skeleton=0.05/0.15/0.30 size=18" -r 0.1,0.25,0.4`

    `escalon design compare --scenarios truths.csv --figure compare.svg`

    `escalon design compare --random 200 --json`

    `escalon design compare --grid 0.05,0.15,0.30,0.50`
    """
    from escalon.escalation import parse_design
    from escalon.escalation.enrolment import Pace
    from escalon.escalation.evaluation import Simulation
    from escalon.escalation.evaluation import compare as evaluate_all
    from escalon.reporting.figures.comparison import comparison_svg

    chosen = [parse_design(text, levels) for text in designs or _default_designs(levels)]
    truths = _scenarios(risk, scenarios, random, levels, seed, target, not_evaluable, late, grid)
    pace = None if window is None else Pace(window, days_between)
    with progress("sweeping", shown=not as_json) as told:
        found = evaluate_all(chosen, truths, target, Simulation(trials, seed, days_between), pace, cap, _telling(told))
    names = [one.name for one in chosen]
    if designs and len(set(names)) < len(names):
        found = found.named(designs)
    if figure:
        write(figure, comparison_svg(found))
    if as_json:
        print_json(found.as_json())
        return
    print_comparison(found)
    if figure:
        say(f"Figure: {figure}")


@app.command()
def characteristics(
    design: Annotated[str, Argument(help="A design in one line, for example '3+3 V2'.")],
    risk: RISK = None,
    scenarios: SCENARIOS = None,
    random: RANDOM = 0,
    grid: GRID = None,
    levels: LEVELS = 3,
    target: TARGET = 0.25,
    trials: TRIALS = 10_000,
    seed: SEED = 1,
    window: WINDOW = None,
    days_between: BETWEEN = 14.0,
    not_evaluable: NOT_EVALUABLE = 0.0,
    late: LATE = 0.0,
    as_json: AsJson = False,
) -> None:
    """Everything about one design: selection, patients and DLTs by level, law of the size, over-dosing, duration.

    `escalon design characteristics "3+3 V2" --risk 0.05,0.15,0.30`

    `escalon design characteristics "boin target=0.25 size=18" --not-evaluable 0.1 --window 28`

    `escalon design characteristics "3+3 V2" --random 10000`  the spread over many truths
    """
    from escalon.escalation import parse_design
    from escalon.escalation.enrolment import Pace
    from escalon.escalation.evaluation import Simulation, evaluate

    truths = _scenarios(risk, scenarios, random, levels, seed, target, not_evaluable, late, grid)
    pace = None if window is None else Pace(window, days_between)
    with progress("sweeping", shown=not as_json) as told:
        found = evaluate(
            parse_design(design, levels),
            truths,
            target,
            Simulation(trials, seed, days_between),
            pace,
            progress=_telling(told),
        )
    if as_json:
        print_json([one.as_json() for one in found])
        return
    if len(found) > MANY:
        print_spread(found)
        return
    for one in found:
        print_characteristics(one)


@app.command()
def calibrate(
    levels: LEVELS = 3,
    target: TARGET = 0.25,
    size: Annotated[int, Option(min=1, help="Participants in all.")] = 18,
    cohort: Annotated[int, Option(min=1, help="Participants in a cohort.")] = 3,
    random: Annotated[int, Option(min=1, max=1_000_000, help="How many random rising truths (seeded).")] = 1000,
    seed: SEED = 1,
    as_json: AsJson = False,
) -> None:
    """Which skeleton for the CRM: the one right most often, averaged over many random truths, exactly (Lee & Cheung 2009).

    `escalon design calibrate --levels 3 --target 0.25 --size 18`
    """
    from escalon.escalation.calibration import calibrate as candidates
    from escalon.escalation.scenario import random_truths

    with progress("sweeping", shown=not as_json) as told:
        found = candidates(levels, target, size, random_truths(levels, random, seed, target), cohort, _telling(told))
    if as_json:
        print_json([one.as_json() for one in found])
        return
    say(
        f"{len(found)} skeletons over {random:,} random truths (seed {seed}), exact for each; the most often right first"
    )
    columns = ["halfwidth", "prior MTD", f"P(closest to {target:g})", "at the worst level", "P(MTD above)", "skeleton"]
    rows = [
        [f"{one.halfwidth:g}", str(one.prior_mtd), f"{one.correct:.3f}", f"{one.least_correct:.3f}", f"{one.above:.3f}",
         one.design.split("skeleton=")[1].split()[0]]
        for one in found
    ]  # fmt: skip
    print_aligned(columns, rows)
    say(f"Write: {found[0].design}")


@app.command()
def table(
    design: Annotated[str, Argument(help="A design in one line, for example 'boin target=0.25 size=18'.")],
    levels: LEVELS = 3,
    as_csv: Annotated[bool, Option("--csv", help="CSV that `table file=…` reads back.")] = False,
    as_json: AsJson = False,
) -> None:
    """The decision table of a design, ready for a protocol: E escalate, S stay, D de-escalate, DU close the level.

    `escalon design table "boin target=0.25 size=18"`

    `escalon design table "i3+3 target=0.25 size=18" --csv > decisions.csv`
    """
    from escalon.escalation import parse_design
    from escalon.escalation.protocol_text import decision_rows

    rule = parse_design(design, levels)
    rows = decision_rows(rule)
    if as_json:
        print_json({"design": rule.name, "rows": {str(n): list(row) for n, row in rows.items()}})
    elif as_csv:
        most = max(rows)
        whole = [(n, *row, *[""] * (most + 1 - len(row))) for n, row in rows.items()]
        say(csv_text(("n", *map(str, range(most + 1))), whole).rstrip("\n"))
    else:
        say(f"{rule.name}: decision by evaluable participants (rows) and DLTs (columns) at the current level")
        width = max(len(str(cell)) for row in rows.values() for cell in row) + 1
        say("  n  " + "".join(f"{t:<{width}}" for t in range(max(map(len, rows.values())))))
        for n, row in rows.items():
            say(f"{n:>3}  " + "".join(f"{cell:<{width}}" for cell in row))


@app.command()
def prose(
    design: Annotated[str, Argument(help="A design in one line, for example '3+3 V2 size=18'.")],
    levels: LEVELS = 3,
) -> None:
    """The design as sentences for the protocol.

    `escalon design prose "3+3 V3 size=18"`
    """

    from escalon.escalation import parse_design

    rule = parse_design(design, levels)
    say(f"{rule.name}\n")
    for sentence in rule.prose():
        say(sentence)


def _telling(told: Callable[..., None]) -> Callable[[str, int, int], None]:
    return lambda what, done, of: told(done, of, what)


def _default_designs(levels: int) -> list[str]:
    return ["3+3 V1", "3+3 V2", "3+3 V3", f"boin target=0.25 size={6 * levels}"]


def _scenarios(
    risk: list[str] | None,
    file: Path | None,
    random: int,
    levels: int,
    seed: int,
    target: float,
    not_evaluable: float,
    late: float,
    grid: str | None = None,
) -> list[Scenario]:
    """The scenarios asked for; .05 .15 .30 for three levels if none are."""
    from dataclasses import replace

    from escalon.cli.dose_escalation import risks_from
    from escalon.escalation import EscalationError
    from escalon.escalation.scenario import Scenario, random_monotone
    from escalon.escalation.scenario import grid as rising_grid
    from escalon.escalation.scenario_files import read_scenarios

    if not 0 < target < 1:
        raise EscalationError(
            f"--target {target:g} is no DLT risk: write a probability between 0 and 1, for example 0.25"
        )
    found: list[Scenario] = []
    for text in risk or ([] if file or random or grid else _default_risks(levels)):
        name, equals, numbers = text.rpartition("=")
        found.append(Scenario(name if equals else "", risks_from(numbers)))
    if file:
        found += read_scenarios(file)
    found += random_monotone(levels, random, seed, target)
    if grid:
        found += rising_grid(levels, risks_from(grid))
    wrong = [one for one in found if len(one.risks) != levels]
    if wrong:
        raise EscalationError(
            f"“{wrong[0].title}” has {len(wrong[0].risks)} risks for {levels} levels: write one per level, or --levels"
        )
    changes: dict[str, Any] = {}
    if not_evaluable:
        changes["not_evaluable"] = not_evaluable
    if late:
        changes["late"] = late
    return [replace(one, **changes) for one in found]


def _default_risks(levels: int) -> list[str]:
    from escalon.escalation import EscalationError

    if levels != 3:
        raise EscalationError(f"Say what to assume: --risk with {levels} DLT risks, --scenarios FILE or --random N")
    return ["0.05,0.15,0.30"]
