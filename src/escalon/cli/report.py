"""`escalon report`: the report pack of a trial."""

from pathlib import Path
from typing import Annotated, Any

import typer
from typer import Argument, Option

from escalon.cli.loading import Cutoff, Reader, Readings, StudyName, cutoff_day, load, say_left_out
from escalon.cli.output import AsJson, fail, print_json, progress, say, say_if_synthetic

EPILOG = """Examples:

  escalon report {study} demo/data -o demo/report                          the whole pack

  escalon report {study} demo/data -o out --cutoff 2025-09-30 --only packet    the committee's packet

  escalon report {study} book --as ines -o out --recorded-by 2025-09-30    a casebook as it stood on that evening

  escalon report {study} demo/data -o out --disease SLE --only full        one disease alone

  escalon report --diff old/results.json new/results.json                      what changed between two runs, and why"""


def report(
    study: StudyName,
    data: Annotated[
        Path,
        Argument(metavar="DATA", help="A folder of CSV or Parquet tables, a casebook, or an archive of one."),
    ],
    output: Annotated[Path, Option("-o", "--output", help="The folder to write the pack into.")] = Path("out"),
    cutoff: Cutoff = None,
    only: Annotated[str | None, Option("--only", help="One part of the pack: packet, full, registry or paper.")] = None,
    recorded_by: Annotated[
        str | None, Option("--recorded-by", help="Of a casebook: as it was recorded by the end of this day.")
    ] = None,
    disease: Annotated[str, Option("--disease", help="The people with one disease alone, such as SLE.")] = "",
    readings: Readings = None,
    diff: Annotated[
        bool, Option("--diff", help="Compare two runs instead: STUDY and DATA are the older and the newer one.")
    ] = False,
    reader: Reader = None,
    as_json: AsJson = False,
) -> None:
    """Write the committee packet, the report as page and PDF, every table and listing, figures, and a manifest of hashes.

    With --diff nothing is written: each cell that changed between two runs is named with its reason. Exit code 1 when a
    change has none.
    """
    if diff:
        _compare(Path(study), data, as_json)
        return
    from escalon.conduct.judge.cutoff import checked
    from escalon.facts import Day
    from escalon.reporting.pack import PARTS, PackError, write_pack
    from escalon.reporting.view import View
    from escalon.sources.casebook import recorded_by as as_recorded_by

    part = next((one for one in PARTS if one == only), None)
    if only is not None and part is None:
        fail(f"there is no part {only!r} of a report. Write one of: {', '.join(PARTS)}")
    protocol, intake = load(study, data, reader, readings=readings)
    known = [one.id for one in protocol.diseases]
    if disease and disease not in known:
        fail(f"the study has no disease {disease!r}. Write one of: {', '.join(known)}")
    if recorded_by:
        intake = as_recorded_by(protocol, intake, checked(Day.parse(recorded_by)))
    day = cutoff_day(cutoff, intake)
    with progress("reading") as told:
        view = View(protocol, intake, day, disease, lambda what: told(0, None, what))
        try:
            files = write_pack(view, output, part, str(data))
        except PackError as error:
            fail(error)
    say_if_synthetic(view.trial.synthetic)
    say_left_out(view.whole, day)
    first = next((one for one in files if one.name in ("report.html", "packet.pdf")), files[0])
    say(f"{len(files)} files in {output}, data cut-off {day}. Begin with {first}")


def _compare(old: Path, new: Path, as_json: bool) -> None:
    """Every cell that says something else in the newer run, the unexplained first, and how many for each reason."""
    from collections import Counter

    from escalon.reporting.difference import Because, differences

    try:
        found = differences(_results(old), _results(new))
    except ValueError as error:
        fail(error)
    counts = Counter(one.because.value for one in found)
    if as_json:
        print_json({"changes": [one.as_json() for one in found], "counts": counts})
    else:
        for one in found:
            say(one)
        say(f"{len(found)} cells changed" + "".join(f", {number} {why}" for why, number in sorted(counts.items())))
    raise typer.Exit(1 if counts[Because.UNEXPLAINED.value] else 0)


def _results(run: Path) -> dict[str, Any]:
    """The results of a run: its folder, or the file itself. Raises ValueError."""
    import json

    from escalon.facts.plain_file import text_of

    file = run / "results.json" if run.is_dir() else run
    try:
        found: dict[str, Any] = json.loads(text_of(file, 1 << 28))
    except OSError as error:
        raise ValueError(f"{file}: {error.strerror}. Name two folders that `escalon report` has written") from None
    except ValueError:
        raise ValueError(f"{file} is no results.json. Name two folders that `escalon report` has written") from None
    return found
