"""`escalon kinetics`: the cells in blood of every participant, as a table and a figure."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from typer import Argument, Option

from escalon.cli.loading import read_study
from escalon.cli.output import AsJson, fail, fail_listing, print_document_table, print_json, say, write

if TYPE_CHECKING:
    from escalon.cli.kinetics_samples import FromSamples
    from escalon.protocol import Study


def kinetics(
    what: Annotated[
        list[str],
        Argument(metavar="[STUDY] DATA", help="A folder with samples.csv or samples.parquet, or such a file."),
    ],
    method: Annotated[str, Option(help="Area: linup_logdown or linear.")] = "linup_logdown",
    horizon: Annotated[list[float] | None, Option(help="End of a partial area in days; may be repeated.")] = None,
    extrapolate: Annotated[
        bool, Option("--extrapolate", help="Extrapolate a partial area from within the visit window.")
    ] = False,
    middle_blq: Annotated[str, Option(help="Below LLOQ between two positives: drop or zero.")] = "drop",
    until: Annotated[float | None, Option(help="Leave out samples from this day on (retreatment).")] = None,
    analyte: Annotated[
        str | None, Option(help="Which analyte is the product; the study's own, or car_transgene.")
    ] = None,
    unit: Annotated[str | None, Option(help="Only profiles in this unit, when there are several.")] = None,
    aplasia_below: Annotated[float, Option(help="B cells/µL below which is aplasia.")] = 10,
    recovery_from: Annotated[float, Option(help="B cells/µL from which two in a row are recovery.")] = 50,
    output: Annotated[Path | None, Option("-o", "--output", help="Folder for page, figures and CSV.")] = None,
    table: Annotated[Path | None, Option("--table", help="Write every parameter, full digits, to this CSV.")] = None,
    as_json: AsJson = False,
) -> None:
    """Peak, exposure, half-life and persistence of the cells in blood; B-cell aplasia; immunoglobulins.

    DATA is a data folder (samples.csv, and doses.csv for the day of infusion), or a samples file whose rows carry the
    elapsed day themselves. With qpcr_wells.csv beside it, levels are read from raw Ct values, from accepted runs only.
    STUDY says which analytes are the product and the B cells, and which bags are one dose; it may be left out.

    escalon kinetics data/                          tables on the screen

    escalon kinetics {study} data/ -o out/          and kinetics.html, its figures and CSV

    escalon kinetics samples.csv --method linear --horizon 28 --json
    """
    from escalon.cli.kinetics_samples import aplasia_rule_of, plan_of, read_samples_of
    from escalon.kinetics.samples_table import TableError

    data, study = _asked(what)
    try:
        plan = plan_of(method, horizon, extrapolate, middle_blq, until)
        rule = aplasia_rule_of(aplasia_below, recovery_from)
        shown, problems = read_samples_of(data, study, plan, rule, analyte, unit)
    except TableError as error:
        fail_listing(error.problems)
    except (ValueError, OSError) as error:
        fail(error)
    if table:
        write(table, shown.parameter_csv())
    if output:
        shown.write(output)
    if as_json:
        print_json({**shown.as_json(), "problems": problems})
    else:
        _print(shown, output)
    raise typer.Exit(2 if problems else 0)


def _print(shown: "FromSamples", output: Path | None) -> None:
    if shown.synthetic:
        say(shown.synthetic)
    for one in shown.tables():
        print_document_table(one)
    for course in shown.found:
        flags = dict.fromkeys((*course.flags, *(flag for part in course.findings.values() for flag in part.flags)))
        if flags:
            say(f"flags of {course.profile.participant}: {', '.join(flags)}")
    if not shown.found and not shown.cells and not shown.levels:
        say("No profile: no sample of it can be used.")
    figures = f"Written to {output}: kinetics.html and its figures and tables."
    say(figures if output else "For the figure: add -o FOLDER.")


def _asked(what: list[str]) -> "tuple[Path, Study | None]":
    """The data, and the study where one is named before it."""
    if len(what) > 2:
        fail("write the study and its data folder, or the data folder alone")
    if len(what) == 1:
        return Path(what[0]), None
    return Path(what[1]), read_study(what[0])
