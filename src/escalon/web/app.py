"""The application: a study's protocol, its instruments as forms that score as one types, and a data folder's answers.

Every page `/x` has a JSON twin `/x.json`.
"""

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

from fastapi import FastAPI, HTTPException, Request
from fastapi.responses import HTMLResponse, JSONResponse, Response
from fastapi.templating import Jinja2Templates
from starlette.exceptions import HTTPException as StarletteHTTPException
from starlette.middleware.trustedhost import TrustedHostMiddleware

from escalon import __version__
from escalon.conduct.judge.cutoff import as_of, last_day
from escalon.conduct.judge.dosing import decide_next_dose
from escalon.conduct.judge.screening import screen
from escalon.facts.input_error import is_about_the_input
from escalon.instruments import assess, catalogue
from escalon.instruments.kit.assessment import UnknownItem
from escalon.instruments.kit.catalogue import UnknownInstrument, family, find
from escalon.instruments.kit.readings import described, json_schema
from escalon.protocol import Study, load_study
from escalon.reporting.trial import trial_report
from escalon.sources.folder import Intake, take_in

_TEMPLATES = Jinja2Templates(directory=str(Path(__file__).parent / "templates"))


HERE = ("127.0.0.1", "localhost", "[::1]")
"""The names of this computer that are answered; a page elsewhere that sends a browser here by another name is not."""


def create_app(study: str, data: Path | None = None, hosts: Sequence[str] = HERE) -> FastAPI:
    """The application for a study and, where there is one, a data folder. The folder is read anew for every request."""
    protocol = load_study(study)
    app = FastAPI(title=f"Escalon: {protocol.id}", version=__version__, docs_url=None, redoc_url=None)
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=list(hosts), www_redirect=False)

    def page(request: Request, name: str, **context: Any) -> HTMLResponse:
        shared = {"study": protocol, "data": data, "version": __version__}
        return _TEMPLATES.TemplateResponse(request, name, shared | context)

    def taken() -> Intake:
        if data is None:
            raise HTTPException(404, "no data folder is served. Start with: escalon serve STUDY --data DATA")
        return take_in(protocol, data)

    def refused(request: Request, status: int, says: str) -> Response:
        """A refusal as a page for people and as JSON for scripts."""
        if "text/html" in request.headers.get("accept", "") and not request.url.path.endswith(".json"):
            title = "There is no such page" if status == 404 else "This cannot be shown"
            response = page(request, "error.html", title=title, says=says)
            response.status_code = status
            return response
        return JSONResponse({"detail": says}, status)

    @app.exception_handler(ValueError)
    def wrong_input(request: Request, error: ValueError) -> Response:
        """What is wrong with the data or study is said, as at the command line; anything else stays an error of ours."""
        if not is_about_the_input(error):
            raise error
        return refused(request, 422, str(error))

    @app.exception_handler(StarletteHTTPException)
    def not_there(request: Request, error: StarletteHTTPException) -> Response:
        return refused(request, error.status_code, str(error.detail))

    @app.get("/", response_class=HTMLResponse)
    def home(request: Request) -> HTMLResponse:
        return page(request, "home.html", criteria=len(protocol.criteria), instruments=len(catalogue()))

    @app.get("/study", response_class=HTMLResponse)
    def study_page(request: Request) -> HTMLResponse:
        return page(request, "study.html")

    @app.get("/study.json")
    def study_twin() -> dict[str, Any]:
        return _study_json(protocol)

    @app.get("/instruments", response_class=HTMLResponse)
    def instruments_page(request: Request) -> HTMLResponse:
        return page(request, "instruments.html", rows=_instrument_rows())

    @app.get("/instruments.json")
    def instruments_twin() -> list[dict[str, Any]]:
        return _instrument_rows()

    @app.get("/instruments/{name}.json")
    def instrument_twin(name: str) -> dict[str, Any]:
        return described(_found(name)) | {"schema": json_schema(_found(name))}

    @app.get("/instruments/{name}", response_class=HTMLResponse)
    def instrument_page(request: Request, name: str) -> HTMLResponse:
        found = _found(name)
        it = described(found)
        about = {one["name"]: f"{one['about']}; {one['accepted']}" for one in it["items"]}
        return page(request, "instrument.html", it=it, items=found.items, about=about)

    @app.post("/instruments/{name}/score")
    def score(name: str, items: dict[str, Any]) -> JSONResponse:
        for item, value in items.items():
            if value != value:  # JSON has no NaN; Python's reader lets it pass
                raise HTTPException(422, f"{item}: NaN is not a number. Leave out what is not known, or write null")
        try:
            finding = assess(_found(name).name, **items)
        except UnknownItem as error:
            raise HTTPException(422, str(error)) from None
        return JSONResponse(finding.as_json(), 422 if finding.status == "invalid" else 200)

    @app.get("/screening.json")
    def screening_twin() -> dict[str, Any]:
        intake = taken()
        cutoff = last_day(intake.trial, date.today())
        found = screen(protocol, intake.trial, cutoff)
        return {"cutoff": str(cutoff), "account": intake.account(), "participants": [one.as_json() for one in found]}

    @app.get("/screening", response_class=HTMLResponse)
    def screening_page(request: Request) -> HTMLResponse:
        intake = taken()
        found = screen(protocol, intake.trial, last_day(intake.trial, date.today()))
        return page(request, "screening.html", found=found, intake=intake)

    @app.get("/next-dose.json")
    def next_dose_twin() -> dict[str, Any]:
        intake = taken()
        cutoff = last_day(intake.trial, date.today())
        return decide_next_dose(protocol, as_of(intake.trial, cutoff), cutoff).as_json()

    @app.get("/report", response_class=HTMLResponse)
    def report() -> HTMLResponse:
        intake = taken()
        return HTMLResponse(trial_report(protocol, intake, last_day(intake.trial, date.today())))

    return app


def _found(name: str) -> Any:
    try:
        return find(name)
    except UnknownInstrument as error:
        raise HTTPException(404, str(error)) from None


def _instrument_rows() -> list[dict[str, Any]]:
    rows = [
        {"family": family(one), "name": one.name, "title": one.title, "about": one.about.splitlines()[0]}
        for one in catalogue().values()
    ]
    return sorted(rows, key=lambda row: (row["family"], row["name"]))


def _study_json(study: Study) -> dict[str, Any]:
    return {
        "id": study.id,
        "title": study.title,
        "version": study.version,
        "sponsor": study.sponsor,
        "levels": [
            {
                "number": one.number,
                "name": one.name,
                "dose": str(one.amount),
                "amount": float(one.amount.value),
                "unit": one.amount.unit,
            }
            for one in study.dose.levels
        ],
        "criteria": [
            {"id": one.id, "kind": one.kind, "says": str(one.says), "rule": one.rule, "applies": one.applies_text}
            for one in study.criteria
        ],
        "endpoints": [
            {"id": one.id, "role": one.role, "says": str(one.says), "measure": list(one.measure)}
            for one in study.endpoints
        ],
        "assumptions": [
            {"id": one.id, "question": one.question, "default": one.default, "signer": one.signer}
            for one in study.assumptions
        ],
    }
