"""The application: pages and their JSON twins, acts, signing in, and what every answer carries."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any
from urllib.parse import quote

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, RedirectResponse, Response
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware.gzip import GZipMiddleware
from starlette.middleware.trustedhost import TrustedHostMiddleware

from escalon import __version__
from escalon.casebook.errors import CasebookError
from escalon.conduct.permit.refusal import Refused, refuse
from escalon.conduct.record import sessions
from escalon.conduct.record.signing import Password
from escalon.exchange.synthetic_book import PASSWORD as DEMO_PASSWORD
from escalon.facts.input_error import is_about_the_input
from escalon.history import Trial
from escalon.sources.frame import frame_of
from escalon.web import acts, gate
from escalon.web.answers import NotRecorded, Reason, Recorded, not_recorded
from escalon.web.desk import Desk, NoSuchPage, near
from escalon.web.forms import Once, check_number, form_number
from escalon.web.languages import LANGUAGE
from escalon.web.printed import Printed, Saved
from escalon.web.registry import PAGES, SERVICES, Page, Service, find_all
from escalon.web.rendering import parts, render
from escalon.web.said import BESIDE, Told, said_in_form, said_in_json
from escalon.web.security import Headed, is_ours
from escalon.web.sent import Again, JsonRoute, form_of, is_json, json_of, local, posted_of, wants_page
from escalon.web.uploads import LARGEST_BODY
from escalon.web.workbench import Workbench, workbench_of

HERE = ("127.0.0.1", "localhost", "[::1]")
"""The names of this computer that are answered; a page elsewhere that sends a browser here by another name is not."""


WANTED = {"int_parsing": "write a whole number", "bool_parsing": "write yes or no"}
"""What an address is asked to say, in a page's words."""


def _wanted(error: Mapping[str, Any]) -> str:
    """What was wrong with a part of a request; of JSON that cannot be read, why."""
    told = error.get("ctx", {}).get("error", error["msg"]) if error["type"] == "json_invalid" else error["msg"]
    return WANTED.get(error["type"], str(told))


def create_app(
    place: str | Path | Workbench, data: str | Path | None = None, hosts: Sequence[str] = HERE, *, https: bool = False
) -> FastAPI:
    """The application for a casebook, for a study with a data folder (read only), or for a study alone."""
    bench = place if isinstance(place, Workbench) else workbench_of(place, data)
    find_all()
    app = FastAPI(
        title=f"Escalon: {bench.study.id}",
        version=__version__,
        docs_url=None,
        redoc_url=None,
        max_body_size=LARGEST_BODY,
    )
    app.router.route_class = JsonRoute
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=list(hosts), www_redirect=False)
    app.add_middleware(GZipMiddleware, minimum_size=1000)
    app.add_middleware(Headed, https=https)
    site = Site(app, bench, https)
    for one in PAGES.values():
        site.add(one)
    for asked in SERVICES.values():
        site.add_service(asked)
    site.add_acts()
    site.add_gate()
    site.add_parts()
    site.add_errors()
    return app


class Site:
    """Puts the pages, acts and doors of a workbench on an application."""

    def __init__(self, app: FastAPI, bench: Workbench, https: bool) -> None:
        self.app, self.bench, self.https = app, bench, https
        self.once = Once()

    # -- pages -------------------------------------------------------------------------------------------------------

    def add(self, one: Page) -> None:
        """A page and its twin."""
        asks = [inspect.Parameter("request", inspect.Parameter.KEYWORD_ONLY, annotation=Request), *one.asks]
        show, tell = self._shown(one), self._told(one)
        for function in (show, tell):
            vars(function)["__signature__"] = inspect.Signature(asks)
            function.__doc__ = one.find.__doc__
        self.app.get(one.twin, response_model=one.model, name=f"{one.name}.json")(tell)
        self.app.get(one.path, include_in_schema=False, name=one.name)(show)

    def _shown(self, one: Page) -> Callable[..., Response]:
        def show(request: Request, **asked: Any) -> Response:
            with self.bench.standing() as trial:
                desk = self._desk(request, trial, one)
                LANGUAGE.set(desk.language)
                found = one.find(desk, **asked)
                if isinstance(found, Printed | Saved):
                    return found.answer()
                return render(request, f"{one.name}.html", desk, it=found, number=self._number(desk))

        return show

    def _told(self, one: Page) -> Callable[..., Any]:
        def tell(request: Request, **asked: Any) -> Any:
            with self.bench.standing() as trial:
                return one.find(self._desk(request, trial, one), **asked)

        return tell

    def add_service(self, one: Service) -> None:
        """What a page's script asks while somebody types."""

        async def answer(request: Request, body: dict[str, Any]) -> Any:
            self._check_ours(request)
            return await run_in_threadpool(asked, request, body)

        def asked(request: Request, body: dict[str, Any]) -> Any:
            with self.bench.standing() as trial:
                desk = self._desk(request, trial, one)
            return one.answer(desk, body, **request.path_params)

        answer.__doc__ = one.answer.__doc__
        self.app.api_route(one.path, methods=[one.method], name=one.answer.__name__)(answer)

    def _desk(self, request: Request, trial: Any, one: Page | Service) -> Desk:
        if not self.bench.is_casebook:
            if isinstance(one, Page) and not one.over_folder:
                raise NoSuchPage("a casebook has this page. Start with: escalon serve BOOK")
            return gate.stranger(request, self.bench, trial)
        try:
            desk = gate.reader(request, self.bench, trial, self.https)
        except Refused:
            if one.can_be_open and self.bench.is_open:
                return gate.stranger(request, self.bench, trial)
            raise
        if desk.role not in one.sees:
            raise refuse("authority", f"{desk.role or 'somebody without a role'} does not see this page")
        return desk

    def _number(self, desk: Desk) -> Callable[[], str]:
        return lambda: form_number(self.bench.opened, desk.token) if desk.person else ""

    # -- acts ----------------------------------------------------------------------------------------------------------

    def add_acts(self) -> None:
        """`POST /acts/{kind}`, by a form or in JSON."""

        @self.app.post("/acts/{kind}", response_model=Recorded)
        async def act(request: Request, kind: str) -> Response:
            is_form = not is_json(request)
            posted: dict[str, str] = {}
            files: dict[str, bytes] = {}
            try:
                posted, files = await posted_of(request) if is_form else ({}, {})
                self._check_ours(request)
                body = None if is_form else await json_of(request)
                return await run_in_threadpool(self._act, request, kind, posted, body, files)
            except (Refused, CasebookError) as error:
                return self._refused(request, not_recorded(error), posted)
            except NoSuchPage as error:
                return self._refused(request, _nothing(error), posted)

    def _act(self, request: Request, kind: str, posted: dict[str, str], body: Any, files: dict[str, bytes]) -> Response:
        with self.bench.standing() as trial:
            desk = gate.reader(request, self.bench, trial, self.https)
            zone = trial.frame.zone
        said = said_in_json(body) if body is not None else said_in_form(posted, zone, files)
        if body is None and self.bench.is_casebook:
            check_number(self.bench.opened, desk.token, said.form)
        # Who goes back, changes a value and sends the form again says something else; only the same, twice, is once.
        sent = said.form and f"{desk.token} {said.form} {kind} {said.what_was_said()}"
        made: Recorded = self.once.do(sent, lambda: acts.do(desk, kind, said))
        if body is not None:
            return JSONResponse({"entries": list(made.entries), "says": list(made.says), "to": made.to}, 201)
        return RedirectResponse(_after(said, made), 303)

    def _check_ours(self, request: Request) -> None:
        if not is_ours(request.headers, request.method):
            raise refuse("origin", "this was sent by a page of somewhere else, and is not taken")

    def _refused(self, request: Request, answer: NotRecorded, posted: dict[str, str]) -> Response:
        came_from = local(posted.get("from", ""))
        if not posted or not came_from or answer.problems[0].code == "session":
            return self.say(request, answer)
        typed = {name: text for name, text in posted.items() if name not in BESIDE}
        return Again(self.app, request, came_from, answer, typed)

    # -- signing in ------------------------------------------------------------------------------------------------------

    def add_gate(self) -> None:
        """Signing in, going on after a pause, signing out, and choosing the acting role and the language."""
        name = gate.cookie_name(self.https)

        @self.app.get("/sign-in", include_in_schema=False)
        def door(request: Request, then: str = "/", account: str = "") -> Response:
            return self._door(request, then, account)

        @self.app.post("/sign-in", include_in_schema=False)
        async def enter(request: Request) -> Response:
            posted = await form_of(request)
            then = local(posted.get("then", "")) or "/"
            account = posted.get("account", "").strip()
            try:
                address, password = self._proof(request, posted)
                token = await run_in_threadpool(gate.enter, self.bench, address, account, password)
            except Refused as error:
                return self._door(request, then, account, not_recorded(error))
            return self._leads(then, name, token)

        @self.app.post("/unlock", include_in_schema=False)
        async def unlock(request: Request) -> Response:
            posted = await form_of(request)
            address, password = self._proof(request, posted)
            await run_in_threadpool(gate.unlock, self.bench, address, request.cookies.get(name, ""), password)
            return Response(status_code=204)

        @self.app.post("/demo/enter", include_in_schema=False)
        async def enter_demo(request: Request) -> Response:
            posted = await form_of(request)
            self._check_ours(request)
            if not self.bench.demo:
                raise NoSuchPage("only the demonstration signs in with a click")
            account, password = posted.get("account", ""), Password(DEMO_PASSWORD)
            token = await run_in_threadpool(gate.enter, self.bench, "", account, password)
            return self._leads(posted.get("then", ""), name, token)

        @self.app.post("/sign-out", include_in_schema=False)
        async def leave(request: Request) -> Response:
            self._check_ours(request)
            if self.bench.is_casebook and (token := request.cookies.get(name)):
                await run_in_threadpool(sessions.sign_out, self.bench.opened, token)
            response = RedirectResponse("/sign-in", 303)
            response.delete_cookie(name, path="/", secure=self.https, httponly=True, samesite="strict")
            return response

        @self.app.post("/choose", include_in_schema=False)
        async def choose(request: Request) -> Response:
            posted = await form_of(request)
            self._check_ours(request)
            response = RedirectResponse(local(posted.get("from", "")) or "/", 303)
            for field, cookie in (("acting", gate.ACTING), ("language", gate.LANGUAGE)):
                if posted.get(field):
                    gate.set_cookie(response, cookie, posted[field], self.https)
            return response

    def _proof(self, request: Request, posted: dict[str, str]) -> tuple[str, Password]:
        """Where somebody signs in from, and the password they typed on a page of ours."""
        self._check_ours(request)
        if not self.bench.is_casebook:
            raise refuse("session", "nobody signs in to a data folder")
        password = Password(posted.get("password", ""), posted.get("code") or None)
        return request.client.host if request.client else "", password

    def _leads(self, then: str, name: str, value: str) -> Response:
        """On to a page of ours, with a cookie."""
        response = RedirectResponse(local(then) or "/", 303)
        gate.set_cookie(response, name, value, self.https)
        return response

    def _door(self, request: Request, then: str, account: str, answer: NotRecorded | None = None) -> Response:
        with self.bench.standing() as trial:
            desk = gate.stranger(request, self.bench, trial)
            if answer:
                request.scope["escalon.answer"] = answer
            status = answer.status if answer else 200
            return render(
                request,
                "sign_in.html",
                desk,
                422 if status == 401 else status,
                then=local(then) or "/",
                account=account,
            )

    # -- parts and errors --------------------------------------------------------------------------------------------------

    def add_parts(self) -> None:
        """Styles and scripts under names that carry their hash."""

        @self.app.get("/static/{name}", include_in_schema=False)
        def part(request: Request, name: str) -> Response:
            found = parts().get(f"/static/{name}")
            if found is None:
                raise HTTPException(404, f"there is no part {name}")
            kept = {"Cache-Control": "public, max-age=31536000, immutable"}
            return Response(found.content, media_type=found.kind, headers=kept)

    def add_errors(self) -> None:
        """Refusals, wrong input and missing pages: a page for people, problem+json for scripts. Faults of ours stay ours."""
        add = self.app.exception_handler

        @add(Refused)
        @add(CasebookError)
        def refused(request: Request, error: Refused | CasebookError) -> Response:
            return self.say(request, not_recorded(error))

        @add(NoSuchPage)
        def nothing(request: Request, error: NoSuchPage) -> Response:
            return self.say(request, _nothing(error))

        @add(HTTPException)
        def http(request: Request, error: HTTPException) -> Response:
            says = "nothing is found at this address" if error.status_code == 404 else str(error.detail)
            found = (Reason("address", says),)
            there = {path.strip("/"): path for path in PAGES if "{" not in path and path != "/"}
            close = near(request.url.path.strip("/"), there) if error.status_code == 404 else []
            return self.say(request, NotRecorded(error.status_code, found, near={one: there[one] for one in close}))

        @add(RequestValidationError)
        def asked(request: Request, error: RequestValidationError) -> Response:
            found = tuple(
                Reason("address", f"{one['loc'][-1]}: {_wanted(one)}", str(one["loc"][-1])) for one in error.errors()
            )
            return self.say(request, NotRecorded(422, found))

        @add(ValueError)
        def wrong(request: Request, error: ValueError) -> Response:
            if not is_about_the_input(error):
                raise error
            return self.say(request, NotRecorded(422, (Reason("input", str(error)),)))

    def say(self, request: Request, answer: NotRecorded) -> Response:
        """A refusal as a page for people, and as problem+json for scripts."""
        if not wants_page(request):
            return JSONResponse(answer.as_json(), answer.status, media_type="application/problem+json")
        if answer.status == 401:
            here = request.url.path + (f"?{request.url.query}" if request.url.query else "")
            then = here if request.method == "GET" else "/"
            return RedirectResponse(f"/sign-in?then={quote(then, safe='')}", 303)
        with (
            self.bench.standing() if self.bench.is_casebook else nullcontext(Trial(frame_of(self.bench.study))) as trial
        ):
            try:
                desk = gate.reader(request, self.bench, trial, self.https)
            except (Refused, CasebookError):
                desk = gate.stranger(request, self.bench, trial)
            return render(request, "error.html", desk, answer.status, wrong=answer)


def _nothing(error: NoSuchPage) -> NotRecorded:
    return NotRecorded(404, (Reason("nothing", str(error)),), near=error.near)


def _after(said: Told, made: Recorded) -> str:
    """Where to go after an act: where the form says, with what was recorded."""
    if made.to:
        return made.to
    path, _, anchor = (local(said.then) or local(said.came_from) or "/").partition("#")
    told = f"{'&' if '?' in path else '?'}recorded={','.join(map(str, made.entries)) or 'done'}"
    return path + told + (f"#{anchor}" if anchor else "")
