"""`escalon serve`: the pages, on this computer."""

from pathlib import Path
from typing import Annotated

import typer

from escalon.cli.loading import StudyName
from escalon.cli.output import fail, say

EPILOG = """Examples:

  escalon serve                             the protocol, and every instrument as a form

  escalon serve --data demo/data            and a data folder's screening, next dose and report

  escalon serve --port 8080                 another port, if 8000 is taken

Stop it with Ctrl-C. Nothing is sent anywhere: the pages work without a network."""


def serve(
    study: StudyName = "nct07052565",
    data: Annotated[Path | None, typer.Option("--data", help="A data folder to show.")] = None,
    port: Annotated[int, typer.Option(help="The port.")] = 8000,
    host: Annotated[str, typer.Option(help="This computer only, unless you say otherwise.")] = "127.0.0.1",
) -> None:
    """The protocol, the instruments as forms that score as one types, and a data folder's screening and report."""
    import uvicorn

    from escalon.web.app import HERE, create_app

    if Path(study).is_dir() and any(Path(study).glob("facts.*")) and not any(Path(study).glob("*.toml")):
        fail(f"{study} is a data folder, not a study. Write: escalon serve --data {study}")
    if data is not None and not data.is_dir():
        fail(f"{data}: there is no such folder. Write a folder that holds facts.csv")
    app = create_app(study, data, (*HERE, host))
    if _is_taken(host, port):
        fail(f"port {port} is in use. Add --port {port + 1}")
    say(f"Open http://{host}:{port} in a browser. Ctrl-C stops it.")
    uvicorn.run(app, host=host, port=port, log_level="warning")


def _is_taken(host: str, port: int) -> bool:
    import socket

    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1" if host == "0.0.0.0" else host, port)) == 0
