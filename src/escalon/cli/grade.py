"""`escalon grade`: toxicity grades from observations, one at a time or a table of them."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from typer import Argument, Option

from escalon.cli.grade_tables import grade_counts, grade_courses, grade_laboratory_table
from escalon.cli.grade_writing import inputs_of, print_finding, read_items
from escalon.cli.output import AsJson, end_with, fail, print_json

if TYPE_CHECKING:
    from escalon.facts import Finding

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode="rich",
    help="Toxicity grades: CRS, ICANS, CTCAE v5.0, ICAHT, IEC-HS. A missing input is never 0: the answer is then a range. "
    "Exit code 0: graded; 1: not settled; 2: wrong input. A table ends with 0 once each row is read: a row says what is open.",
)

Items = Annotated[list[str] | None, Argument(metavar="NAME=VALUE…", help="Inputs, such as temp_c=38.5.")]
Table = Annotated[Path | None, Option("--table", help="Grade a CSV or Parquet file instead; one row per assessment.")]
Output = Annotated[Path | None, Option("-o", "--output", help="With --table: write the grades to this CSV file.")]
Gap = Annotated[
    float, Option("--gap-hours", help="With --table: a recovery of at most this long does not end an episode.")
]


@app.command(epilog=inputs_of("crs"))
def crs(
    items: Items = None, table: Table = None, output: Output = None, gap_hours: Gap = 48, as_json: AsJson = False
) -> None:
    """Cytokine release syndrome by ASTCT 2019: fever, with hypotension and hypoxia; the more severe of the two decides.

    escalon grade crs temp_c=38.5 hypotension=yes vasopressors=norepinephrine oxygen=low_flow_nc flow_l_min=4

    escalon grade crs --table vitals.csv      columns participant, time and the inputs: every assessment, day and episode
    """
    if table:
        grade_courses("crs", table, output, gap_hours, as_json)
    else:
        _one("crs", items, as_json)


@app.command("crs-ctcae", epilog=inputs_of("crs_ctcae"))
def crs_ctcae(items: Items = None, as_json: AsJson = False) -> None:
    """Cytokine release syndrome by CTCAE v5.0, beside the ASTCT grade, which is primary: the two can differ.

    escalon grade crs-ctcae fever=yes hypotension=no hypoxia=yes fio2_percent=45
    """
    _one("crs_ctcae", items, as_json)


@app.command(epilog=inputs_of("icans"))
def icans(
    items: Items = None, table: Table = None, output: Output = None, gap_hours: Gap = 48, as_json: AsJson = False
) -> None:
    """Neurotoxicity by ASTCT 2019 in adults: the worst of ICE, consciousness, seizure, motor findings, raised ICP or oedema.

    escalon grade icans ice=6 consciousness=alert seizure=none motor_weakness=no oedema=none raised_icp=no

    escalon grade icans --table neuro.csv     columns participant, time and the inputs
    """
    if table:
        grade_courses("icans", table, output, gap_hours, as_json)
    else:
        _one("icans", items, as_json)


@app.command(epilog=inputs_of("ice"))
def ice(items: Items = None, as_json: AsJson = False) -> None:
    """The ICE score beneath ICANS, 0–10; 10 is normal.

    escalon grade ice year=yes month=yes city=yes hospital=no objects=3 command=yes sentence=yes counting=no
    """
    _one("ice", items, as_json)


@app.command()
def ctcae(
    test: Annotated[str | None, Argument(metavar="TEST", help="A test (potassium) or a term («Hypokalemia»).")] = None,
    items: Items = None,
    table: Table = None,
    output: Output = None,
    find: Annotated[str | None, Option("--find", help="List the terms that contain this, of all 837.")] = None,
    tests: Annotated[bool, Option("--tests", help="List the tests that a number can grade, with units.")] = False,
    as_json: AsJson = False,
) -> None:
    """CTCAE v5.0: grades from laboratory values, too high and too low apart; or the text of a term.

    Inputs: value (with its unit), lower, upper (limits of normal), baseline (last value before lymphodepletion), and what
    else counts for the term, such as symptomatic=no. Limits are in the unit of the value.

    escalon grade ctcae hemoglobin value='9.9 g/dL' lower=12

    escalon grade ctcae alt value=119 upper=40 baseline=80

    escalon grade ctcae potassium value=3.4 lower=3.5 upper=5.1 symptomatic=no intervention=no

    escalon grade ctcae "Skin infection"      what each grade of a term says

    escalon grade ctcae --table lab.csv       columns test, value, unit, lower, upper, baseline and any input
    """
    from escalon.cli.grade_ctcae import grade_test, list_terms, list_tests

    if table:
        grade_laboratory_table(table, output, as_json)
    elif find is not None:
        list_terms(find, as_json)
    elif tests:
        list_tests(as_json)
    elif test is None:
        fail("name a test or a term: escalon grade ctcae potassium value=3.4 lower=3.5. `--tests` lists the tests")
    else:
        grade_test(test, read_items(items), as_json)


@app.command(context_settings={"ignore_unknown_options": True})
def icaht(
    items: Annotated[
        list[str] | None, Argument(metavar="DAY=COUNT…", help="Neutrophils by day after infusion, 3=400.")
    ] = None,
    table: Table = None,
    output: Output = None,
    scale: Annotated[str, Option(help="How days without a count are interpolated: log10 or linear.")] = "log10",
    closed: Annotated[bool, Option("--closed", help="No more counts will come: grade what there is.")] = False,
    as_json: AsJson = False,
) -> None:
    """Early (day 0–30) and late haematotoxicity from neutrophil counts; bare numbers are cells/µL, day 0 is the infusion.

    Until day 30 the early grade is a range: what is certain already, to what the days to come could make of it. The exit code
    speaks of the late grade too once a count after day 30 is given.

    escalon grade icaht 0=2100 3=400 5=90 8=120 12=480 15=900 30=2400

    escalon grade icaht 0='2.1 10^9/L' 3='0.4 10^9/L' 5='<0.1 10^9/L' --closed

    escalon grade icaht --table counts.csv    columns participant, day, anc (cells/µL, or with a unit or a column unit)
    """
    if scale not in ("log10", "linear"):
        fail(f"--scale {scale!r} is not known. Write log10 or linear")
    if table:
        grade_counts(table, output, scale, closed, as_json)
        return
    from escalon.cli.grade_tables import icaht_of

    try:
        early, late = icaht_of(list(read_items(items).items()), scale, closed)
    except ValueError as error:
        fail(error)
    if as_json:
        print_json({"early": early.as_json(), "late": late.as_json()})
    else:
        for title, finding in (("Early ICAHT", early), ("Late ICAHT", late)):
            print_finding(title, finding)
    end_with(early, *((late,) if "lowest_anc" in late.components else ()))  # what was counted after day 30


@app.command("iec-hs", epilog=inputs_of("iec_hs"))
def iec_hs(
    items: Items = None,
    grade: Annotated[bool, Option("--grade", help="Grade a diagnosed IEC-HS instead of screening.")] = False,
    as_json: AsJson = False,
) -> None:
    """IEC-HS: which criteria are present. A clinician makes the diagnosis; its thresholds are unconfirmed.

    escalon grade iec-hs ferritin_ratio=2.1 ferritin_rising=no crs_state=resolved transaminase_ratio=6 fibrinogen=1.2
    cytopenia=no

    escalon grade iec-hs --grade diagnosed=yes symptomatic=yes intervention=yes severe=no
    """
    _one("iec_hs_grade" if grade else "iec_hs", items, as_json)


@app.command(epilog=inputs_of("licats"))
def licats(items: Items = None, as_json: AsJson = False) -> None:
    """LICATS: a local reaction in an organ the disease had affected before; unconfirmed grades.

    escalon grade licats organ=skin affected_before=yes other_cause=no care=observation
    """
    _one("licats", items, as_json)


def _one(name: str, items: list[str] | None, as_json: bool) -> None:
    from escalon.instruments import assess, catalogue

    given = read_items(items)
    if not given:
        fail(
            f"give the inputs, such as: escalon grade {name.replace('_', '-')} NAME=VALUE …, or --help for their names"
        )
    try:
        finding: Finding = assess(name, **given)
    except ValueError as error:
        fail(str(error))
    if as_json:
        print_json(finding.as_json())
    else:
        print_finding(catalogue()[name].title, finding)
    end_with(finding)
