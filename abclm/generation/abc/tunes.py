"""Turn a model and options into tunes: write, check, and try again where a tune can't be played."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from abclm.errors import ModelError
from abclm.generation.abc.draws.choice import choose
from abclm.generation.abc.draws.second import SecondProcess, pays, to_json
from abclm.generation.abc.draws.tries import GeneratedTune, Tries
from abclm.generation.abc.request import Request
from abclm.generation.decoder import Decoder
from abclm.generation.options import GenerationOptions
from abclm.models.model import Model
from abclm.models.recurrent.products import one_thread
from abclm.system.worker import Answer, serve

if TYPE_CHECKING:
    from abclm.generation.abc.draft import TuneDraft
    from abclm.models.architecture import Engine


def generate(lm: Model, options: GenerationOptions) -> Iterator[GeneratedTune]:
    """Write tunes, `batch_size` at a time.

    Args:
        lm: the model.
        options: what to write and how. A tune depends on the seed and its place among the tunes, not
            on how many there are.

    Yields:
        `options.n` tunes in order, each as soon as it and those before it are written. A tune has at least 8 notes
        and no errors by `Tune.check`; where `options.attempts` tries gave none such, it is the try with the fewest
        problems, and a warning is logged.

    Raises:
        ModelError: the model's vocabulary lacks a symbol that was asked for; or only novel tunes are wanted, and the
            model has no index of its training tunes, or `options.attempts` tries gave none.
        KeyboardInterrupt: after those that are finished have been given.
    """
    if options.novel and lm.novelty_index is None:
        raise ModelError(
            "the model has no index of its training tunes, so that no tune can be told to be novel; leave out novel, or "
            "train it with this version"
        )
    request = Request.of(lm, options)
    written: dict[int, GeneratedTune] = {}
    given = 0
    try:
        for _ in _by_two(lm, request, written) if pays(request) else _write(lm, request, written):
            while given in written:
                yield written.pop(given)
                given += 1
    except KeyboardInterrupt:
        yield from (written[index] for index in sorted(written))
        raise


def _by_two(lm: Model, request: Request, written: dict[int, GeneratedTune]) -> Iterator[None]:
    """Do what `_write` does, every second tune by another process."""
    half = replace(request.options, batch_size=request.options.batch_size // 2)
    indices, request = range(half.n), replace(request, options=half)
    with one_thread():
        engine = lm.engine()
    with SecondProcess(lm, request, indices[1::2]) as second:
        for _ in _write(lm, request, written, indices[::2], engine):
            second.collect(written)
            yield
        while not second.is_over:
            second.collect(written, seconds=1)  # not longer, so that Ctrl-C comes through everywhere
            yield
    yield from _write(lm, request, written, sorted(second.missing), engine)


def write_share() -> None:
    """Write the tunes that a `SecondProcess` asks for, and answer with those that are finished since it asked last."""
    steps: Iterator[None] = iter(())
    written: dict[int, GeneratedTune] = {}

    def answer(share: dict[str, Any]) -> Answer:
        nonlocal steps
        if share:
            lm = Model.load(share["model"])
            request = Request.of(lm, GenerationOptions(**share["options"]))
            with one_thread():
                engine = lm.engine()
            steps = _write(lm, request, written, share["indices"], engine)
        while not written and next(steps, True) is None:
            pass
        tunes = [to_json(tune) for tune in written.values()]
        written.clear()
        return Answer({"tunes": tunes})

    serve(answer)


def _write(
    lm: Model,
    request: Request,
    written: dict[int, GeneratedTune],
    indices: Iterable[int] | None = None,
    engine: Engine | None = None,
) -> Iterator[None]:
    """Write tunes of a request into `written`, by their places from 0; yields after each step of the model.

    Args:
        lm: the model.
        request: what was asked for.
        written: changed in place.
        indices: which of the tunes to write; by default all.
        engine: of the model, if one is there.
    """
    options, draws = request.options, request.draws
    tries: dict[int, Tries] = {}
    indices = range(options.n) if indices is None else indices
    places = ((index, draw) for index in indices for draw in range(draws))
    again: list[TuneDraft] = []

    def next_draft() -> TuneDraft | None:
        if again:
            return again.pop()
        place = next(places, None)
        if place is None:
            return None
        known = lm.novelty_index if options.novel else None
        tries.setdefault(place[0], Tries(options, draws, known, request.gaps is None))
        return request.draft(*place)

    first = [draft for draft in (next_draft() for _ in range(options.batch_size)) if draft]
    if not first:
        return
    decoder = _decoder(request, engine or lm.engine(), first)
    for ended in decoder.run(next_draft):
        for draft in ended:
            of_tune = tries[draft.index]
            if of_tune.take(draft):
                again.append(request.draft(draft.index, draft.attempt + draws))
            if of_tune.are_over:
                del tries[draft.index]
                written[draft.index] = of_tune.tune(choose(of_tune, draft.index, request))
        yield


def stream(lm: Model, options: GenerationOptions) -> Generator[str]:
    """Write one tune character by character, the first attempt whatever comes of it, and one draw unless more are wanted.

    What may be taken back is held until it is settled: the last bar of a form, and with `bar_repetition` below 1 or
    `bar_redraws` every bar. What is wrong with the options is said at once; `close` ends it.
    """
    return _characters(
        stream_steps(lm, options if options.best_of or options.gaps else replace(options, best_of=1))
    )


def stream_steps(lm: Model, options: GenerationOptions, engine: Engine | None = None) -> Iterator[str]:
    """Write one tune as `stream` does, step by step, so that several can be written in turns.

    Args:
        lm: the model.
        options: what to write and how.
        engine: of this model, to be shared by tunes that one thread writes; else one is made.

    Yields:
        After each step of the model, what is added to the tune: a character, or where a bar may be taken back nothing,
        until a whole bar.
    """
    request = Request.of(lm, options)
    engine = engine or lm.engine()
    if request.draws > 1:
        return _one(lm, request, engine)
    draft = request.draft(0, 0)
    return _settled(_decoder(request, engine, [draft]), draft)


def _one(lm: Model, request: Request, engine: Engine) -> Iterator[str]:
    """The first tune of a request, whole after its last step."""
    written: dict[int, GeneratedTune] = {}
    one = replace(request, options=replace(request.options, n=1))
    for _ in _write(lm, one, written, engine=engine):
        yield "" if 0 not in written else written[0].tune.text


def _characters(steps: Iterable[str]) -> Generator[str]:
    for step in steps:
        yield from step


def _decoder(request: Request, engine: Engine, drafts: list[TuneDraft]) -> Decoder[TuneDraft]:
    return Decoder(engine, request.tokenizer.start, request.sampler, drafts)


def _settled(decoder: Decoder[TuneDraft], draft: TuneDraft) -> Iterator[str]:
    given = 0
    for ended in decoder.run(lambda: None):
        settled = len(draft.ids) if ended else draft.settled
        yield draft.text_of(given, settled)
        given = max(given, settled)
