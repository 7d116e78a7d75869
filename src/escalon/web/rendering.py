"""Pages from templates: the whole page, or for a script the part that changes, from the same template."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, pass_context
from jinja2.runtime import Context
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse

from escalon import __version__
from escalon.drawing.tokens import dose, shape
from escalon.protocol.page import stylesheet
from escalon.web import figures, words
from escalon.web.answers import NotRecorded, Reason
from escalon.web.body import drawn, on_paper
from escalon.web.desk import Desk
from escalon.web.doubts import just_recorded
from escalon.web.languages import LANGUAGE, WORDS, Spoken, say, say_plain, unconfirmed
from escalon.web.navigation import more, navigation
from escalon.web.telling import content_shown, labelled
from escalon.web.whole_protocol import protocol_parts

HERE = Path(__file__).parent
STATIC = HERE / "static"
HAN = HERE.parent / "fonts" / "DroidSansFallback-GB2312.ttf"
"""Chinese for a computer that has no font of its own for it; a browser asks for it only there."""
KINDS_OF_PART = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml", ".woff2": "font/woff2"}


@dataclass(frozen=True)
class StaticPart:
    """A style, script or picture: its bytes and what they are."""

    content: bytes
    kind: str


@cache
def _files() -> dict[str, StaticPart]:
    """Every part by its name; the colours of levels are those of all figures, and the protocol's styles its own."""
    found = {
        one.name: StaticPart(one.read_bytes(), KINDS_OF_PART[one.suffix])
        for one in sorted(STATIC.iterdir())
        if one.suffix in KINDS_OF_PART
    }
    found[HAN.name] = StaticPart(HAN.read_bytes(), "font/ttf")
    ours = found["escalon.css"].content.decode().replace(HAN.name, address(HAN.name, found[HAN.name]))
    nested = f".protocol{{{PROTOCOL_COLOURS}{stylesheet()}}}"
    found["escalon.css"] = StaticPart(f"{level_colours()}\n{ours}\n{nested}".encode(), "text/css")
    return found


PROTOCOL_COLOURS = "--accent:var(--act);--tint:var(--wash);--ask-tint:var(--ask-wash);--stop:var(--bad);"


def level_colours() -> str:
    """The colour of each dose level on paper and on a dark screen, as the figures have them."""
    rules = [(dose(level).light, dose(level).dark, level) for level in range(1, 6)]
    light = "".join(f"--l{level}:{paint};" for paint, _, level in rules)
    dark = "".join(f"--l{level}:{paint};" for _, paint, level in rules)
    shapes = "".join(
        f".lv.l{level}{{--mark:var(--l{level})}}.clocks .l{level}{{color:var(--l{level})}}"
        f".protocol svg .l{level}{{fill:var(--l{level});stroke:var(--l{level})}}"
        for _, _, level in rules
    )
    forms = "".join(f".lv.l{level}::before{{{SHAPES[shape(level)]}}}" for _, _, level in rules)
    screen = "@media screen and (prefers-color-scheme:dark){:root:not([data-theme=light])"
    return f":root{{{light}}}{screen}{{{dark}}}}}{shapes}{forms}"


SHAPES = {
    "circle": "border-radius:50%",
    "square": "border-radius:0",
    "triangle": "clip-path:polygon(50% 0,100% 100%,0 100%)",
    "diamond": "clip-path:polygon(50% 0,100% 50%,50% 100%,0 50%)",
    "cross": "clip-path:polygon(35% 0,65% 0,65% 35%,100% 35%,100% 65%,65% 65%,65% 100%,35% 100%,35% 65%,0 65%,0 35%,35% 35%)",
}


@cache
def part_address(name: str) -> str:
    """The address of a part: its name with its hash, which may be kept for ever."""
    return address(name, _files()[name])


def address(name: str, part: StaticPart) -> str:
    """Where a part of these bytes is found."""
    stem, _, end = name.rpartition(".")
    return f"/static/{stem}.{sha256(part.content).hexdigest()[:12]}.{end}"


@cache
def parts() -> dict[str, StaticPart]:
    """Every part by its address."""
    return {part_address(name): part for name, part in _files().items()}


def protocol_body(desk: Desk, address: str) -> Markup:
    """The part of the protocol, as people read it, that the page of this address holds."""
    parts = desk.bench.kept("protocol", desk.study.version, lambda: protocol_parts(desk.study))
    return Markup(parts[address])


def _when_read(function: Callable[[object], Markup | str]) -> Callable[[Context, object], Markup | str]:
    """A filter that is asked each time a page is read: without the context, a constant is said once, in the first language."""

    @pass_context
    def said(_: Context, text: object) -> Markup | str:
        return function(text)

    return said


def _moment(at: datetime | None) -> Markup:
    return words.dates(words.moment(at))


def environment() -> Environment:
    """The templates' environment; a name nobody gave is an error, never an empty place."""
    found = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        auto_reload=False,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=[Spoken],
    )
    found.filters |= {"day": words.day, "weekday": words.weekday, "moment": _moment}
    found.filters |= {"first_up": words.first_up, "named": lambda text, study: labelled(study, text)}
    found.filters |= {
        "unit": words.unit_shown,
        "entries": words.entries,
        "say": _when_read(say),
        "dates": _when_read(lambda text: words.dates(say(text))),
        "say_plain": _when_read(say_plain),
    }
    found.globals |= {"say": say, "say_plain": say_plain, "unconfirmed": unconfirmed}
    found.globals |= {
        "part": part_address,
        "version": __version__,
        "months": words.MONTHS,
        "navigation": navigation,
        "more": more,
    }
    found.globals |= {
        "just_recorded": just_recorded,
        "content_shown": content_shown,
        "protocol_body": protocol_body,
        "figure": figures,
        "drawn": drawn,
        "on_paper": on_paper,
    }
    return found


_ENVIRONMENT = environment()


def render(request: Request, template: str, desk: Desk, status: int = 200, **context: Any) -> HTMLResponse:
    """A page; for a script that says `HX-Request` only what stands in its main part, with the title."""
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
        "refused": request.scope.get("escalon.act", ""),
        "recorded": request.query_params.get("recorded", ""),
    }
    LANGUAGE.set(desk.language)
    WORDS.set(desk.study.said)
    words.ZONE.set(desk.trial.frame.zone)
    return HTMLResponse(_ENVIRONMENT.get_template(template).render(shared | context), status)


def _here(request: Request) -> str:
    query = "&".join(part for part in request.url.query.split("&") if part and not part.startswith("recorded="))
    return request.url.path + (f"?{query}" if query else "")
