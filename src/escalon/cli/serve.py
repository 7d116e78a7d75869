"""`escalon serve`: the pages, on this computer."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from typer import Argument, Option

from escalon.casebook.errors import CasebookError
from escalon.cli.output import fail, say
from escalon.studies import DEFAULT

if TYPE_CHECKING:
    from fastapi import FastAPI

EPILOG = """Examples:

  escalon serve book/                       the trial as its team works it: people sign in

  escalon serve                             the protocol, and every instrument as a calculator

  escalon serve {study} --data demo/data   a data folder's screening, next dose and report, for reading

Stop it with Ctrl-C. Nothing is sent anywhere: the pages work without a network."""


def serve(
    place: Annotated[str, Argument(metavar="STUDY or BOOK", help="A study, or a casebook's folder.")] = DEFAULT,
    data: Annotated[Path | None, Option("--data", help="A data folder to show, for reading.")] = None,
    port: Annotated[int, Option(min=1, max=65535, help="The port.")] = 8000,
    host: Annotated[str, Option(help="This computer only, unless you say otherwise.")] = "127.0.0.1",
    certificate: Annotated[
        Path | None, Option("--certificate", help="The certificate chain (PEM), needed on a network.")
    ] = None,
    key: Annotated[Path | None, Option("--key", help="The certificate's private key (PEM).")] = None,
    check: Annotated[bool, Option("--check", help="Only say what an administrator must still do.")] = False,
) -> None:
    """The workbench of a casebook; or a study's protocol, its instruments as calculators, and a data folder's answers."""
    from escalon.web.app import HERE, create_app
    from escalon.web.check import what_is_left

    if Path(place).is_dir() and any(Path(place).glob("facts.*")) and not any(Path(place).glob("*.toml")):
        fail(f"{place} is a data folder, not a study. Write: escalon serve {DEFAULT} --data {place}")
    if data is not None and not data.is_dir():
        fail(f"{data}: there is no such folder. Write a folder that holds facts.csv")
    if data is not None and (data / "casebook.toml").is_file():
        fail(f"{data} is a casebook, which is read by those who may. Write: escalon serve {data}")
    if check:
        left = what_is_left(place, host, certificate)
        for one in left:
            say(one)
        raise typer.Exit(1 if left else 0)
    if host not in HERE and certificate is None:
        fail(f"on a network ({host}) names and passwords need a certificate. Add --certificate CHAIN.pem --key KEY.pem")
    try:
        app = create_app(place, data, (*HERE, host), https=certificate is not None)
    except CasebookError as error:
        fail(error)
    run(app, host, port, certificate, key)


def run(
    app: "FastAPI",
    host: str,
    port: int,
    certificate: Path | None = None,
    key: Path | None = None,
    *,
    opens: bool = False,
) -> None:
    """Serve an application until it is stopped."""
    import uvicorn

    if _is_taken(host, port):
        fail(f"port {port} is in use. Add --port {port + 1}")
    address = f"{'https' if certificate else 'http'}://{host}:{port}"
    say(f"Open {address} in a browser. Ctrl-C stops it.")
    if opens:
        typer.launch(address)
    uvicorn.run(
        app,
        host=host,
        port=port,
        log_level="warning",
        server_header=False,
        proxy_headers=False,
        ssl_certfile=certificate,
        ssl_keyfile=key,
    )


def _is_taken(host: str, port: int) -> bool:
    import socket

    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1" if host == "0.0.0.0" else host, port)) == 0
