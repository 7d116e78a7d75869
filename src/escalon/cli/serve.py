"""`escalon serve`: the pages, on this computer."""

from pathlib import Path
from typing import Annotated

import typer

from escalon.cli.loading import StudyName


def serve(
    study: StudyName = "nct07052565",
    data: Annotated[Path | None, typer.Option("--data", help="A data folder to show.")] = None,
    port: Annotated[int, typer.Option(help="The port.")] = 8000,
    host: Annotated[str, typer.Option(help="This computer only, unless you say otherwise.")] = "127.0.0.1",
) -> None:
    """The protocol, the instruments as forms that score as one types, and a data folder's screening and report."""
    import uvicorn

    from escalon.web.app import create_app

    uvicorn.run(create_app(study, data), host=host, port=port, log_level="warning")
