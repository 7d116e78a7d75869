"""`escalon report`: the report pack of a trial."""

from pathlib import Path
from typing import Annotated

import typer

from escalon.cli.loading import Cutoff, StudyName, cutoff_day, load, say_left_out
from escalon.cli.output import fail, progress, say, say_if_synthetic

EPILOG = """Examples:

  escalon report nct07052565 demo/data -o demo/report                          the whole pack

  escalon report nct07052565 demo/data -o out --cutoff 2025-09-30 --only packet    the committee's packet

  escalon report nct07052565 demo/data -o out --disease SLE --only full        one disease alone"""


def report(
    study: StudyName,
    data: Annotated[
        Path,
        typer.Argument(metavar="DATA", help="A folder of CSV or Parquet tables, a casebook, or an archive of one."),
    ],
    output: Annotated[Path, typer.Option("-o", "--output", help="The folder to write the pack into.")] = Path("out"),
    cutoff: Cutoff = None,
    only: Annotated[
        str | None, typer.Option("--only", help="One part of the pack: packet, full, registry or paper.")
    ] = None,
    disease: Annotated[str, typer.Option("--disease", help="The people with one disease alone, such as SLE.")] = "",
) -> None:
    """Write the committee packet, the report as page and PDF, every table and listing, figures, and a manifest of hashes."""
    from escalon.reporting.pack import PARTS, PackError, write_pack
    from escalon.reporting.view import View

    part = next((one for one in PARTS if one == only), None)
    if only is not None and part is None:
        fail(f"there is no part {only!r} of a report. Write one of: {', '.join(PARTS)}")
    protocol, intake = load(study, data)
    known = [one.id for one in protocol.diseases]
    if disease and disease not in known:
        fail(f"the study has no disease {disease!r}. Write one of: {', '.join(known)}")
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
