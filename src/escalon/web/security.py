"""What every answer says about itself, and which requests that change something are taken as ours."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
SAFE = ("GET", "HEAD", "OPTIONS")


class Headed:
    """Puts the headers on every answer; nothing is stored by the browser, parts with their hash in the name apart."""

    def __init__(self, app: ASGIApp, https: bool = False) -> None:
        self.app = app
        self.more = {"Strict-Transport-Security": "max-age=31536000"} if https else {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the answer on with its headers; what is asked by HEAD is answered as by GET, without its content."""
        heads_only = scope["type"] == "http" and scope["method"] == "HEAD"

        async def sent(message: Message) -> None:
            if heads_only and message["type"] == "http.response.body":
                message = {**message, "body": b""}
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in {**HEADERS, **self.more}.items():
                    headers.setdefault(name, value)
                headers.setdefault("Cache-Control", "no-store")
            await send(message)

        asked = {**scope, "method": "GET"} if heads_only else scope
        await self.app(asked, receive, sent if scope["type"] == "http" else send)


def is_ours(headers: Headers | Mapping[str, str], method: str) -> bool:
    """Whether a request that changes something was made by our own page, or by no browser at all.

    A browser says where a request comes from (Sec-Fetch-Site, Fetch Metadata; else Origin, RFC 6454); a script that
    sends JSON says neither, and carries no cookie it was not given.
    """
    if method in SAFE:
        return True
    if (site := headers.get("sec-fetch-site")) is not None:
        return site in ("same-origin", "none")
    if (origin := headers.get("origin")) is not None:
        return urlsplit(origin).netloc == headers.get("host")
    return headers.get("content-type", "").split(";")[0] == "application/json"
