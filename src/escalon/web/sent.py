"""What a request brought: a form with its files, JSON, an address of ours; and its page again with what was refused."""

from __future__ import annotations

import json
from collections.abc import Callable, Coroutine
from typing import Any
from urllib.parse import urlsplit

from fastapi import FastAPI, Request
from fastapi.responses import Response
from fastapi.routing import APIRoute
from starlette.datastructures import UploadFile
from starlette.types import Receive, Scope, Send

from escalon.conduct.permit.refusal import refuse
from escalon.web.answers import NotRecorded
from escalon.web.uploads import LARGEST_FILE

OF_CONNECTION = ("type", "asgi", "http_version", "server", "client", "scheme", "root_path", "headers", "app", "state")
"""What of a request's scope is the connection's, and not of the address asked for."""


class Again(Response):
    """The page a form stands on, shown again with what was refused and what was typed, under the refusal's status."""

    def __init__(
        self, app: FastAPI, request: Request, address: str, answer: NotRecorded, typed: dict[str, str]
    ) -> None:
        super().__init__(status_code=answer.status)
        split = urlsplit(address)
        kept = (*OF_CONNECTION, "fastapi_middleware_astack")
        self.app = app
        self.inner: Scope = {name: request.scope[name] for name in kept if name in request.scope} | {
            "method": "GET",
            "path": split.path,
            "raw_path": split.path.encode(),
            "query_string": split.query.encode(),
            "escalon.answer": answer,
            "escalon.typed": typed,
            "escalon.act": request.path_params["kind"],
            "escalon.here": address,
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer as the page would, under another status."""

        async def sent(message: Any) -> None:
            if message["type"] == "http.response.start" and message["status"] == 200:
                message = {**message, "status": self.status_code}
            await send(message)

        await self.app.router(self.inner, receive, sent)


def local(address: str) -> str:
    """An address of ours, or nothing."""
    split = urlsplit(address)
    ours = address.startswith("/") and not address.startswith(("//", "/\\")) and not split.netloc and not split.scheme
    return address if ours and address.isprintable() and "\\" not in address else ""


def wants_page(request: Request) -> bool:
    """Whether a person asks, with a browser."""
    return "text/html" in request.headers.get("accept", "") and not request.url.path.endswith(".json")


def is_json(request: Request) -> bool:
    """Whether a script sent it."""
    return request.headers.get("content-type", "").split(";")[0].strip() == "application/json"


async def json_of(request: Request) -> Any:
    """What a script sent. Raises Refused for what is not JSON."""
    try:
        return _read(await request.body())
    except json.JSONDecodeError as error:
        raise refuse("form", f"this is not JSON: {error.msg}") from None


def _read(body: bytes) -> Any:
    try:
        found = json.loads(body, object_pairs_hook=_once)
        json.dumps(found, ensure_ascii=False).encode()  # half of a letter can stand in JSON, and be kept nowhere
        return found
    except json.JSONDecodeError:
        raise
    except (ValueError, RecursionError) as error:  # no UTF-8, a number of thousands of digits, objects in objects
        raise json.JSONDecodeError(str(error).split(";")[0], "", 0) from None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object of JSON; a name that stands in it twice is refused, because readers differ on which of the two counts."""
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise json.JSONDecodeError(f"{twice} is given twice", "", 0)
    return found


class _Sent(Request):
    async def json(self) -> Any:
        return _read(await self.body())


class JsonRoute(APIRoute):
    """A route whose JSON is read so that nothing in it is given twice."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """What answers a request."""
        answer = super().get_route_handler()

        async def answered(request: Request) -> Response:
            return await answer(_Sent(request.scope, request.receive))

        return answered


async def form_of(request: Request) -> dict[str, str]:
    """The fields of a form."""
    return (await posted_of(request))[0]


async def posted_of(request: Request) -> tuple[dict[str, str], dict[str, bytes]]:
    """The fields of a form, of one that stands several times its values with a comma between; and the files with it."""
    found: dict[str, str] = {}
    files: dict[str, bytes] = {}
    async with request.form(max_fields=2000) as form:
        for name, value in form.multi_items():
            if isinstance(value, UploadFile):
                if value.filename in files:
                    raise refuse("form", f"{name}: {value.filename} stands twice in what was sent")
                if value.filename:
                    files[value.filename] = await value.read(LARGEST_FILE + 1)
                continue
            if "\ufffd" in value:
                raise refuse("form", f"{name}: a letter could not be read. Send the form as UTF-8")
            found[name] = f"{found[name]},{value}" if found.get(name) else value
    return found, files
