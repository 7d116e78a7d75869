"""Pages from templates: the whole page, or for htmx the part that changes, from the same template."""

from __future__ import annotations

from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse

from escalon import __version__
from escalon.web import figures, words
from escalon.web.answers import NotRecorded, Reason
from escalon.web.body import drawn
from escalon.web.desk import Desk
from escalon.web.navigation import navigation

HERE = Path(__file__).parent
STATIC = HERE / "static"
KINDS_OF_PART = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml", ".woff2": "font/woff2"}


@cache
def part_address(name: str) -> str:
    """The address of a part: its name with its hash, which may be kept for ever."""
    path = STATIC / name
    return f"/static/{path.stem}.{sha256(path.read_bytes()).hexdigest()[:12]}{path.suffix}"


@cache
def parts() -> dict[str, Path]:
    """Every part by its address."""
    return {part_address(one.name): one for one in sorted(STATIC.iterdir()) if one.suffix in KINDS_OF_PART}


def unit_shown(text: str) -> str:
    """A unit as it is printed: `10^9/L` as 10⁹/L, `{cells}/kg` as cells/kg."""
    return text.replace("10^9", "10⁹").replace("{", "").replace("}", "")


def environment() -> Environment:
    """The templates' environment; a name nobody gave is an error, never an empty place."""
    found = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    found.filters |= {"day": words.day, "dates": words.dates, "weekday": words.weekday, "moment": words.moment}
    found.filters["first_up"] = words.first_up
    found.filters["unit"] = unit_shown
    found.globals |= {"part": part_address, "version": __version__, "months": words.MONTHS, "navigation": navigation}
    found.globals |= {"figure": figures, "drawn": drawn}
    return found


_ENVIRONMENT = environment()


def render(request: Request, template: str, desk: Desk, status: int = 200, **context: Any) -> HTMLResponse:
    """A page; for htmx only what stands in its main part, with the title."""
    answer: NotRecorded | None = request.scope.get("escalon.answer")
    typed: dict[str, str] = request.scope.get("escalon.typed", {})
    problems: tuple[Reason, ...] = answer.problems if answer else ()
    shared = {
        "desk": desk,
        "study": desk.study,
        "here": request.scope.get("escalon.here") or _here(request),
        "layout": "fragment.html" if request.headers.get("hx-request") else "base.html",
        "answer": answer,
        "problems": problems,
        "typed": typed,
        "recorded": request.query_params.get("recorded", ""),
    }
    return HTMLResponse(_ENVIRONMENT.get_template(template).render(shared | context), status)


def _here(request: Request) -> str:
    query = "&".join(part for part in request.url.query.split("&") if part and not part.startswith("recorded="))
    return request.url.path + (f"?{query}" if query else "")
