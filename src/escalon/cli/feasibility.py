"""`escalon feasibility`: how many people each clause lets through."""

from dataclasses import asdict

from escalon.cli.loading import Cutoff, DataFolder, StudyName, cutoff_day, load
from escalon.cli.output import AsJson, print_json, print_table

EPILOG = """Example:

  escalon feasibility nct07052565 demo/data

Over a data folder. Over a hospital's warehouse the same clauses will be read as SQL; that is not there yet."""


def feasibility(study: StudyName, data: DataFolder, cutoff: Cutoff = None, as_json: AsJson = False) -> None:
    """The clauses as a funnel: how many pass, fail or are not known, how many are left, whom each clause alone keeps out.

    To pass an exclusion is to be known not to have it. «Still possible» counts those who failed no clause so far.
    """
    from escalon.conduct.judge.cutoff import as_of
    from escalon.conduct.judge.screening import screen
    from escalon.feasibility.funnel import funnel

    protocol, intake = load(study, data)
    day = cutoff_day(cutoff, intake)
    steps = funnel(protocol, screen(protocol, as_of(intake.trial, day), day))
    if as_json:
        print_json([asdict(step) for step in steps])
        return
    columns = ("clause", "what", "pass", "fail", "unknown", "n/a", "still possible", "alone keeps out")
    counts = [(one.met, one.not_met, one.unknown, one.not_applicable, one.still_possible, one.alone) for one in steps]
    print_table(
        columns, [(one.id, one.title, *(n or "·" for n in some)) for one, some in zip(steps, counts, strict=True)]
    )
