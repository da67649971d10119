"""Turn a model into an application: the page, the API that it uses, and the API's description."""

import contextlib
import logging
from collections.abc import AsyncIterator, Iterable
from pathlib import Path

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse, Response
from starlette.exceptions import HTTPException
from starlette.staticfiles import StaticFiles

from abclm._version import VERSION
from abclm.errors import AbclmError
from abclm.language_model import LanguageModel
from abclm.models.shown.usual import known_json, usual_keys
from abclm.web.limits import Busy, ClosingError, Limits
from abclm.web.middleware import Guard
from abclm.web.pages import format_description, format_home, read_style
from abclm.web.routes import GoneError, create_api
from abclm.web.service import Office
from abclm.web.tune_queue import TooSlowError

_logger = logging.getLogger(__name__)

_PAGE = ["GET", "HEAD"]
_STATIC = Path(__file__).parent / "static"


def create_app(
    lm: LanguageModel, name: str, limits: Limits | None = None, hosts: Iterable[str] = ()
) -> FastAPI:
    """Make an application.

    Args:
        lm: the model.
        name: its name, as it is shown.
        limits: of what is asked for; see `Limits`.
        hosts: names that the server may be asked for by; see `Guard`.

    Returns:
        An ASGI application. It writes tunes between its start and its shutdown; `app.state.office` is its `Office`.
    """
    office = Office(lm, name, limits or Limits())

    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with office.open():
            yield

    app = FastAPI(
        title="abclm",
        version=VERSION,
        description="Writes folk tunes with a language model, checks tunes, and turns them into scores, sound and files.",
        lifespan=lifespan,
        docs_url=None,  # FastAPI's own pages of documentation are fetched from elsewhere
        redoc_url=None,
    )
    app.include_router(create_api(office))
    _add_pages(app, format_home(office.name, keys=usual_keys(lm.metadata), known=known_json(lm.metadata)))
    _add_refusals(app)
    app.add_middleware(Guard, limits=office.limits, hosts=tuple(hosts))
    app.state.office = office
    return app


def _add_pages(app: FastAPI, home: str) -> None:
    style = read_style()

    @app.api_route("/", methods=_PAGE, include_in_schema=False)
    async def page() -> HTMLResponse:
        return HTMLResponse(home)

    @app.api_route("/docs", methods=_PAGE, include_in_schema=False)
    async def description() -> HTMLResponse:
        return HTMLResponse(format_description(app.openapi()))

    @app.api_route("/style.css", methods=_PAGE, include_in_schema=False)
    async def style_sheet() -> Response:
        return Response(style, media_type="text/css")

    app.mount("/static", StaticFiles(directory=_STATIC))


def _add_refusals(app: FastAPI) -> None:
    """Say in one line why something could not be done."""

    @app.exception_handler(AbclmError)
    async def impossible(request: Request, error: AbclmError) -> Response:
        return _refuse(422, str(error))

    @app.exception_handler(RequestValidationError)
    async def malformed(request: Request, error: RequestValidationError) -> Response:
        return _refuse(422, "; ".join(map(_name_problem, error.errors()[:5])))

    @app.exception_handler(Busy)
    async def busy(request: Request, error: Busy) -> Response:
        return _refuse(429, str(error), {"Retry-After": str(error.seconds)})

    @app.exception_handler(TooSlowError)
    async def too_slow(request: Request, error: TooSlowError) -> Response:
        return _refuse(429, f"{error}; try again", {"Retry-After": "10"})

    @app.exception_handler(ClosingError)
    async def closing(request: Request, error: ClosingError) -> Response:
        return _refuse(503, str(error))

    @app.exception_handler(GoneError)
    async def gone(request: Request, error: GoneError) -> Response:
        return Response(status_code=499)  # for nobody

    @app.exception_handler(HTTPException)
    async def other(request: Request, error: HTTPException) -> Response:
        return _refuse(error.status_code, str(error.detail), dict(error.headers or {}))


def _refuse(status: int, error: str, headers: dict[str, str] | None = None) -> Response:
    return JSONResponse({"error": _plain(error)}, status, headers)


def _name_problem(problem: dict[str, object]) -> str:
    """One problem of a request's body in words: where, what, and what was received."""
    location = problem["loc"]
    assert isinstance(location, tuple)
    if isinstance(problem["input"], bytes):
        return "the body is no object; send JSON with Content-Type: application/json"
    place = ".".join(str(part) for part in location[1:]) or "the body"
    message = str(problem["msg"])
    received = f", received {repr(problem['input'])[:60]}" if problem["type"] != "json_invalid" else ""
    return f"{place}: {message[:1].lower()}{message[1:]}{received}"


def _plain(text: str) -> str:
    """A text that can be written as UTF-8."""
    return text.encode(errors="replace").decode()
