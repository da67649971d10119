"""Turn requests for tunes, checks, scores and files into answers: the API, named like the commands."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import asdict
from typing import Any, TypeVar
from urllib.parse import quote

from fastapi import APIRouter, Request
from fastapi.responses import Response, StreamingResponse
from pydantic import BaseModel
from starlette.types import Receive, Scope, Send

from abclm._version import VERSION
from abclm.midi.instruments import INSTRUMENTS
from abclm.notation.fields import RHYTHMS
from abclm.notation.grammar.tables import VALUES
from abclm.system.files import file_name
from abclm.system.worker import Answer
from abclm.web.limits import ClosingError
from abclm.web.schema import (
    BOOK_FORMATS,
    MEDIA_TYPES,
    AbcSent,
    About,
    BookAsked,
    Checked,
    ConversionAsked,
    FileSent,
    Followed,
    Refusal,
    ScoreAsked,
    SoundAsked,
    Transposed,
    TranspositionAsked,
    TuneAsked,
    TunesRead,
    TuneWritten,
)
from abclm.web.service import Office
from abclm.web.tune_queue import Job

_LOOK_SECONDS = (0.25, 0.04)  # between looks at a tune that waits, and at one that is written
_LINES = "application/x-ndjson"
_REFUSALS: dict[int | str, dict[str, Any]] = {
    400: {"model": Refusal, "description": "It can't be read."},
    403: {"model": Refusal, "description": "It comes from another site's page."},
    408: {"model": Refusal, "description": "It took too long to arrive."},
    413: {"model": Refusal, "description": "It is too large."},
    421: {"model": Refusal, "description": "The server was asked for by a name that is not its own."},
    422: {"model": Refusal, "description": "It can't be done as it was asked for."},
    429: {
        "model": Refusal,
        "description": "Too much is asked for at once, or it took too long.",
        "headers": {"Retry-After": {"description": "Seconds.", "schema": {"type": "integer"}}},
    },
    503: {"model": Refusal, "description": "The server is being ended."},
}

Result = TypeVar("Result")


def _gives(*media_types: str, **more: str) -> dict[int | str, dict[str, Any]]:
    """Describe an answer that is no JSON."""
    content = {each.split(";")[0]: {"schema": {"type": "string"}} for each in media_types}
    return {200: {"content": content, **more}}


class GoneError(Exception):
    """The client has gone, and needs no answer."""


def create_api(office: Office) -> APIRouter:
    """Make the API's routes."""
    api = APIRouter(prefix="/api", responses=_REFUSALS)

    @api.get("/about", summary="What can be asked for")
    async def about() -> About:
        return About(
            version=VERSION, model=office.name, rhythms={name: list(meters) for name, meters in RHYTHMS.items()},
            meters=list(VALUES["M"]), keys=list(VALUES["K"]), instruments=list(INSTRUMENTS),
            formats=list(MEDIA_TYPES), limits=asdict(office.limits),
        )  # fmt: skip

    @api.post("/generate", summary="Write a tune")
    async def generate(asked: TuneAsked, request: Request) -> TuneWritten:
        """The answer comes when the tune is complete.

        With the same options and model, the same seed writes the tune that `abclm generate` writes.
        """
        with office.tunes.one(_client(request)):
            job = await office.begin(asked)
            written = await _unless_gone(request, asyncio.wrap_future(job.written))
            return office.describe(job.options, written)

    @api.post(
        "/generate/stream",
        summary="Write a tune, and see it written",
        response_class=StreamingResponse,
        responses=_gives(_LINES),
    )
    async def generate_stream(asked: TuneAsked, request: Request) -> Response:
        """The answer is lines of JSON as things happen, each an object with an `event`:

        - `waiting`: so many tunes, `ahead`, come before this one;
        - `text`: the `text` is added to the tune;
        - `written`: the tune is complete; the `tune` is what `/api/generate` answers;
        - `failed`: it came to nothing; `error` says why.

        A client that goes away has no more of it written.
        """
        with contextlib.ExitStack() as held:
            held.enter_context(office.tunes.one(_client(request)))
            job = await office.begin(asked)
            held.callback(job.written.cancel)
            return _HeldStream(_lines(office, job), media_type=_LINES, held=held.pop_all())

    @api.post("/check", summary="Say what is in a tune, and what is wrong with it")
    async def check(asked: AbcSent, request: Request) -> Checked:
        """As `abclm check`: errors can't be played as written; warnings look odd."""
        with office.conversions.one(_client(request)):
            made = await _unless_gone(request, office.make("check", asked.model_dump()))
            return Checked(**made.said)

    @api.post("/score", summary="Engrave a tune", response_class=Response, responses=_gives("image/svg+xml"))
    async def score(asked: ScoreAsked, request: Request) -> Response:
        """The staves alone, as SVG, for a page that has the title already. `convert` gives the whole score."""
        return await _made(office, "score", asked, request, lambda made: {"media_type": "image/svg+xml"})

    @api.post(
        "/sound",
        summary="Play a tune",
        response_class=Response,
        responses=_gives("audio/mpeg", "audio/wav"),
    )
    async def sound(asked: SoundAsked, request: Request) -> Response:
        """Its sound, small, for a player: MP3 where that can be written. `convert` gives all of it, as WAV."""
        return await _made(
            office, "sound", asked, request, lambda made: {"media_type": f"audio/{made.said['kind']}"}
        )

    @api.post("/follow", summary="Say when each note of a score sounds")
    async def follow(asked: SoundAsked, request: Request) -> Followed:
        """The `id` of each is that of `/api/score`; the times are those of `/api/sound` with the same options."""
        with office.conversions.one(_client(request)):
            made = await _unless_gone(request, office.make("follow", asked.model_dump()))
            return Followed(**made.said)

    @api.post("/transpose", summary="Move a tune to another key")
    async def transpose(asked: TranspositionAsked, request: Request) -> Transposed:
        """As `abclm transpose`: the tune comes in canonical form, with its chord symbols."""
        with office.conversions.one(_client(request)):
            made = await _unless_gone(request, office.make("transpose", asked.model_dump()))
            return Transposed(**made.said)

    @api.post("/read", summary="Read the tunes of a file")
    async def read(asked: FileSent, request: Request) -> TunesRead:
        """A tunebook in ABC, the melody of a MIDI file, or a score of one staff in MusicXML."""
        with office.conversions.one(_client(request)):
            sent = {"name": asked.name, "abc": asked.content}
            made = await _unless_gone(request, office.make("read", sent))
            return TunesRead(**made.said)

    @api.post(
        "/book",
        summary="Turn tunes into one file",
        response_class=Response,
        responses=_gives(*(MEDIA_TYPES[each] for each in BOOK_FORMATS), description="The file."),
    )
    async def book(asked: BookAsked, request: Request) -> Response:
        """A tunebook, a PDF with an index, or a page with players. A tune that can't be engraved is left out."""
        return await _made(office, "book", asked, request, lambda made: _as_file(made, asked.format))

    @api.post(
        "/convert",
        summary="Turn a tune into a file",
        response_class=Response,
        responses=_gives(*MEDIA_TYPES.values(), description="The file."),
    )
    async def convert(asked: ConversionAsked, request: Request) -> Response:
        """As `abclm convert`: MIDI, sound, score, page, or ABC again."""
        return await _made(office, "convert", asked, request, lambda made: _as_file(made, asked.format))

    return api


def _as_file(made: Answer, suffix: str) -> dict[str, Any]:
    """Say that an answer is a file to be kept."""
    name = quote(f"{file_name(made.said['title'])}.{suffix}")
    disposition = {"Content-Disposition": f'attachment; filename="{name}"'}
    return {"media_type": MEDIA_TYPES[suffix], "headers": disposition}


async def _made(
    office: Office, what: str, asked: BaseModel, request: Request, options: Callable[[Answer], dict[str, Any]]
) -> Response:
    """Have something made of a tune; `options` are the response's, which holds its place until it is sent."""
    with contextlib.ExitStack() as held:
        held.enter_context(office.conversions.one(_client(request)))
        made = await _unless_gone(request, office.make(what, asked.model_dump()))
        held.enter_context(office.holding(len(made.content)))
        return _HeldResponse(made.content, **options(made), held=held.pop_all())


class _HeldResponse(Response):
    """A response that holds a place until it is sent, or the client has gone."""

    def __init__(self, *arguments: Any, held: contextlib.ExitStack, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._held = held

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with self._held:
            await super().__call__(scope, receive, send)


class _HeldStream(_HeldResponse, StreamingResponse):
    """The same, sent as it comes."""


async def _lines(office: Office, job: Job) -> AsyncIterator[str]:
    """What happens to a tune, as lines of JSON."""
    given, waiting = 0, 0
    done = asyncio.wrap_future(job.written)
    while True:
        is_done = done.done()
        if not job.begun and (ahead := office.ahead(job)) not in (0, waiting):
            waiting = ahead
            yield _line("waiting", ahead=ahead)
        if len(text := job.text) > given:
            yield _line("text", text=text[given:])
            given = len(text)
        if is_done:
            break
        await asyncio.wait([done], timeout=_LOOK_SECONDS[job.begun])
    if done.cancelled():
        yield _line("failed", error=str(ClosingError()))
    elif error := done.exception():
        yield _line("failed", error=str(error))
    else:
        yield _line("written", tune=office.describe(job.options, done.result()).model_dump())


def _line(event: str, **more: Any) -> str:
    return json.dumps({"event": event, **more}) + "\n"


async def _unless_gone(
    request: Request, work: asyncio.Future[Result] | Coroutine[Any, Any, Result]
) -> Result:
    """Wait for a result, and cancel the work on it where the client goes away.

    Raises:
        GoneError: it has.
        ClosingError: the work was given up.
    """
    working = asyncio.ensure_future(work)
    leaving = asyncio.ensure_future(_until_gone(request))
    try:
        await asyncio.wait([working, leaving], return_when=asyncio.FIRST_COMPLETED)
        if not working.done():
            raise GoneError
        if working.cancelled():
            raise ClosingError
        return working.result()
    finally:
        leaving.cancel()
        working.cancel()


async def _until_gone(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


def _client(request: Request) -> str:
    return request.client.host if request.client else ""
