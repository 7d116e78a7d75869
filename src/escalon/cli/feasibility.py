"""`escalon feasibility`: how many people each clause lets through."""

from dataclasses import asdict

from escalon.cli.loading import AsJson, Cutoff, DataFolder, StudyName, cutoff_day, load, print_json

EPILOG = """Example:

  escalon feasibility nct07052565 demo/data

Over a data folder. Over a hospital's warehouse the same clauses will be read as SQL; that is not there yet."""


def feasibility(study: StudyName, data: DataFolder, cutoff: Cutoff = None, as_json: AsJson = False) -> None:
    """The clauses as a funnel: how many pass, fail or are not known, how many are left, whom each clause alone keeps out.

    To pass an exclusion is to be known not to have it. «Still possible» counts those who failed no clause so far.
    """
    from escalon.conduct.cutoff import as_of
    from escalon.conduct.screening import screen
    from escalon.feasibility.funnel import funnel

    protocol, intake = load(study, data)
    day = cutoff_day(cutoff, intake)
    steps = funnel(protocol, screen(protocol, as_of(intake.records, day), day))
    if as_json:
        print_json([asdict(step) for step in steps])
        return
    from rich.console import Console
    from rich.table import Table

    table = Table("clause", "what", "pass", "fail", "unknown", "n/a", "still possible", "alone keeps out")
    for step in steps:
        numbers = (step.met, step.not_met, step.unknown, step.not_applicable, step.still_possible, step.alone)
        table.add_row(step.id, step.title, *(str(number) if number else "·" for number in numbers))
    Console().print(table)
