"""The desk: tunes in turns, none of which stops another."""

import time
from concurrent.futures import CancelledError, wait

import pytest

from abclm.generation.abc.tunes import stream_steps
from abclm.generation.options import GenerationOptions
from abclm.web import tune_queue
from abclm.web.limits import Busy, Limits
from abclm.web.tune_queue import Desk, TooSlowError


@pytest.fixture
def open_desk(lm):
    desks = []

    def open_desk(**limits):
        desks.append(Desk(lm, Limits(**limits)))
        return desks[-1]

    yield open_desk
    for each in desks:
        each.close()


def options(seed=1, **changes):
    return GenerationOptions(seed=seed, max_length=250, **changes)


def text_of(job):
    return job.written.result(60).tune.text


def test_a_tune_is_that_of_the_model_alone(open_desk, lm):
    jobs = [open_desk().ask(options(seed)) for seed in range(5)]
    for seed, job in enumerate(jobs):
        assert text_of(job) == job.text == lm.generate(options(seed))[0].text


def test_they_are_written_in_turns(open_desk, monkeypatch):
    order = []

    def steps(lm, options, engine):
        for each in stream_steps(lm, options, engine):
            order.append(options.seed)
            yield each

    monkeypatch.setattr(tune_queue, "stream_steps", steps)
    table = open_desk(writers=3)
    with table._changed:  # all at once
        jobs = [table.ask(options(seed)) for seed in range(4)]
    assert wait([job.written for job in jobs], 60).not_done == set()
    assert order[:32] == [0] * 8 + [1] * 8 + [2] * 8 + [0] * 8
    first_of_last = order.index(3)
    assert min(len(order) - 1 - order[::-1].index(seed) for seed in range(3)) < first_of_last


def test_who_comes_later_is_told_how_many_are_before(open_desk, monkeypatch):
    monkeypatch.setattr(tune_queue, "stream_steps", endless)
    table = open_desk(writers=2)
    jobs = [table.ask(options(seed)) for seed in range(4)]
    until(lambda: jobs[1].begun)
    assert [table.ahead(job) for job in jobs] == [0, 0, 2, 3]


def endless(lm, options, engine):
    while True:
        time.sleep(0.0005)
        yield "x"


def until(condition):
    end = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.005)


def test_a_tune_that_nobody_waits_for_is_given_up(open_desk, monkeypatch):
    closed = []

    def steps(lm, options, engine):
        if options.seed == 1:
            try:
                yield from endless(lm, options, engine)
            finally:
                closed.append(options.seed)
        yield from stream_steps(lm, options, engine)

    monkeypatch.setattr(tune_queue, "stream_steps", steps)
    table = open_desk(writers=1)
    forever, other, waiting = table.ask(options(1)), table.ask(options(2)), table.ask(options(3))
    until(lambda: forever.begun)
    assert waiting.written.cancel()
    assert forever.written.cancel()
    assert text_of(other)
    until(lambda: closed == [1])
    length = len(forever.text)
    time.sleep(0.05)
    assert len(forever.text) == length
    assert not waiting.begun


def test_a_tune_has_so_much_time_and_then_it_is_the_others_turn(open_desk, monkeypatch):
    def steps(lm, options, engine):
        yield from endless(lm, options, engine) if options.seed == 1 else stream_steps(lm, options, engine)

    monkeypatch.setattr(tune_queue, "stream_steps", steps)
    table = open_desk(writers=1, write_seconds=0.5)
    forever, other = table.ask(options(1)), table.ask(options(2))
    with pytest.raises(TooSlowError, match=r"not written within 0.5 s"):
        forever.written.result(60)
    assert text_of(other)  # which has waited for longer


def test_what_would_not_be_begun_for_long_is_refused(open_desk, monkeypatch):
    def steps(lm, options, engine):
        for _ in range(options.max_length // 100):
            time.sleep(0.02)
            yield from stream_steps(lm, options, engine)

    monkeypatch.setattr(tune_queue, "stream_steps", steps)
    table = open_desk(writers=1, wait_seconds=0.5)
    for seed in range(8):  # it is not known yet how long one takes
        text_of(table.ask(options(seed)))
    jobs = []
    with pytest.raises(Busy, match=r"try again in \d+ s"):
        jobs += [table.ask(options(seed)) for seed in range(1000)]
    monkeypatch.setattr(tune_queue, "stream_steps", stream_steps)
    table.close()


def test_what_goes_wrong_with_one_is_its_own_affair(open_desk, monkeypatch):
    def steps(lm, options, engine):
        if options.seed == 1:
            raise ZeroDivisionError
        yield from stream_steps(lm, options, engine)

    monkeypatch.setattr(tune_queue, "stream_steps", steps)
    table = open_desk()
    broken, other = table.ask(options(1)), table.ask(options(2))
    with pytest.raises(ZeroDivisionError):
        broken.written.result(60)
    assert text_of(other)


def test_a_desk_that_is_closed_gives_up_what_is_not_complete(open_desk, monkeypatch):
    monkeypatch.setattr(tune_queue, "stream_steps", endless)
    table = open_desk(writers=1)
    jobs = [table.ask(options(seed)) for seed in range(3)]
    until(lambda: jobs[0].begun)
    table.close()
    late = table.ask(options(9))
    for job in [*jobs, late]:
        with pytest.raises(CancelledError):
            job.written.result(10)
    assert not table._thread.is_alive()


def test_a_seed_is_drawn_where_there_is_none(open_desk):
    job = open_desk().ask(GenerationOptions(max_length=250))
    assert job.options.seed is not None
    assert text_of(job)
